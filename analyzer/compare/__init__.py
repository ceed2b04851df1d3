"""Two reports laid over each other.

::

    read     JSON document of a report → View
    compare  Views → model.Diff
"""

from analyzer.compare.compare import compare
from analyzer.compare.view import View, read

__all__ = ["View", "compare", "read"]
