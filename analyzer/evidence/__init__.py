"""Evidence: the frames behind a finding, and what may be shown of them.

::

    Picker     PACKETS, flows → frame numbers
    Rewriter   frame → frame with pseudonyms
"""

from analyzer.evidence.pick import Chosen, Picker
from analyzer.evidence.rewrite import Rewriter

__all__ = ["Chosen", "Picker", "Rewriter"]
