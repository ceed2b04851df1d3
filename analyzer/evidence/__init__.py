"""Evidence: the frames behind a finding, and what may be shown of them.

::

    Picker     PACKETS, flows → frame numbers
"""

from analyzer.evidence.pick import Chosen, Picker

__all__ = ["Chosen", "Picker"]
