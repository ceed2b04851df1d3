"""What the carriers gathered becomes the transfers of a report, in order of their first frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.model import Cause
from analyzer.transfers.carrier import Address, Circumstances, Draft, FlowsOf
from analyzer.transfers.collect import Collector


def draw(
    collector: Collector,
    flows_of: FlowsOf,
    one_sided: Callable[[Address, Address], bool] = lambda *_: False,
    hint: Callable[[Cause, Address, str, int], str] = lambda *_: "",
    filtered: bool = False,
) -> tuple[Draft, ...]:
    """The transfers of everything that was collected, named ``t1``, ``t2`` and so on.

    ``one_sided(client, server)`` says whether answers could not have been seen; ``hint(cause, server,
    transport, port)`` adds to the advice what is known of the server's make; ``filtered`` says that the
    capture holds TCP and UDP only.
    """
    known = Circumstances(collector.begin, collector.end, flows_of, one_sided, hint, filtered)
    return named(collector.drafts(known))


def named(drafts: Iterable[Draft]) -> tuple[Draft, ...]:
    """``drafts`` in order of their first frames, with ids."""
    ordered = sorted(drafts, key=lambda draft: (draft.transfer.frames, draft.transfer.protocol))
    for number, draft in enumerate(ordered, 1):
        # Nobody else has these values yet: none of their thirty fields is copied to give them one.
        object.__setattr__(draft.transfer, "id", f"t{number}")
    return tuple(ordered)
