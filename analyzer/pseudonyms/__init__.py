"""Other addresses and names for those of a site: the same for the same, and neighbours stay neighbours.

::

    tree     a keyed permutation of bit strings that keeps prefixes
    mapping  Pseudonyms: addresses of every kind, networks, names, text
    book     the file that tells which is which
    report   model.Report → model.Report        site   model.Site → model.Site and its YAML
"""

from analyzer.pseudonyms.mapping import Pseudonyms

__all__ = ["Pseudonyms"]
