"""When each host sent something: what a flow's first and last packet cannot tell, the silence inside it.

::

    PACKETS → stretches of a batch → Activity.add, batch by batch → Activity.silences
"""

from analyzer.activity.record import Activity, Silence

__all__ = ["Activity", "Silence"]
