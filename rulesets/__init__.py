"""The shipped rulesets: one YAML file each, read with ``importlib.resources``."""
