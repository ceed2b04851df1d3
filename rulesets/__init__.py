"""The shipped rulesets: one YAML file each, and what setup.py made of them."""
