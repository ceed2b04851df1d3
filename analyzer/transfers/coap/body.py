"""One file that travels in blocks, as a state machine: blocks and answers in, state out (RFC 7959).

A :class:`Body` is one resource between one client and one server, fetched (Block2) or sent (Block1).
Blocks are
placed by their byte, ``number * size``, for the size may change on the way. Nothing is kept of a block but
that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from analyzer.sessions import EARLY
from analyzer.transfers.carrier import Endpoint
from analyzer.transfers.images import like_image

SPANS: Final = 1024
"""Separate pieces of a file that are remembered; access at random must not cost memory."""
IMAGE_BYTES: Final = 32 << 10
"""Bytes from which on a resource without a telling name counts as an image: sensor data and lists are
smaller."""
CONTINUE: Final = 0x5F
INCOMPLETE, TOO_LARGE = 0x88, 0x8D
RESTARTS: Final = frozenset({INCOMPLETE, TOO_LARGE})
"""Errors after which a client begins again: blocks were lost, or a smaller size is offered (RFC 7959 2.9)."""


def place(value: int) -> tuple[int, bool, int]:
    """A Block option as ``(first byte, more, block size)`` (RFC 7959 section 2.2)."""
    size = 16 << min(value & 7, 6)  # 7 is reserved, and means 1024 over TCP (RFC 8323 section 6)
    return (value >> 4) * size, bool(value & 8), size


DISCOVERY: Final = "/.well-known/core"
"""A list of resources is no file (RFC 6690)."""


@dataclass(slots=True)
class Body:
    """A file on its way. Times are ns, ``client`` asked."""

    client: Endpoint
    server: Endpoint
    code: int
    path: str | None
    writes: bool
    group: bool = False
    number: int = 0
    observed: bool = False
    many: bool = False
    """Whether a message said that it takes more than one block."""
    q_block: bool = False

    spans: list[list[int]] = field(default_factory=list)
    """Bytes that an answer carried (a read) or acknowledged (a write), as ``[first, beyond]``, in order."""
    begin: int = 0
    """The first byte that was seen; not 0 where it began before the capture."""
    total: int | None = None
    announced: int | None = None
    size: int = 0
    sizes: dict[int, None] = field(default_factory=dict)
    asked: int = -1
    """First byte of the block asked for, or sent, last."""
    furthest: int = -1
    """First byte of the furthest block asked for, or sent."""
    sent: int = 0
    """Bytes of that block, for a write."""
    last_sent: bool = False
    """Whether that block is the last one of a write."""
    final: int = -1
    """First byte of the last block of a write, once it was sent."""
    answered: bool = True
    """Whether that block was answered."""
    promised: bool = False
    """Whether an empty ACK said that its answer comes later."""
    spread: dict[int, None] = field(default_factory=dict)
    """Different blocks seen, the first few: a single one is no transfer."""
    blocks: int = 0
    orderly: bool = True
    """Whether every block asked for comes after the one before."""
    done: bool = False
    error: int = 0
    reset_by: str = ""
    error_frame: int = 0
    restarts: int = 0

    requests: int = 0
    tries: int = 1
    """How often the file was asked for from its beginning; 0 where that was before the capture."""
    answers: int = 0
    first: int = 0
    first_frame: int = 0
    last: int = 0
    last_frame: int = 0
    progress: int = 0
    progress_frame: int = 0
    first_answer: int = 0
    first_answer_frame: int = 0
    last_frames: list[int] = field(default_factory=lambda: [0, 0])
    """Of the server, of the client."""
    repeated: list[int] = field(default_factory=lambda: [0, 0])
    """Messages again since the last progress, from the server, from the client."""
    retransmissions: int = 0
    longest_gap: int = 0
    cut: bool = False
    holes: int = 0
    """Exchanges of which this capture holds one half, and the transfer went on without a repetition: the
    other half was on the network."""
    continued: bool = False
    """Whether the server asked for more of what is sent: then another answer than that is its last."""
    given: int = 0
    """Answers without a request that turned out to be of another file, the one that was under way."""
    folded: list[Body] = field(default_factory=list)
    """Earlier unheeded requests of the same transfer, from other ports."""
    alike: int = 0
    """Transfers of the same kind that were over long ago, and that this one stands for."""

    # ------------------------------------------------------------ every message

    def seen(self, time: int, frame: int, from_client: bool) -> None:
        """Count a message."""
        if not self.first_frame:
            self.first, self.first_frame = time, frame
            self.last = self.progress = time
            self.progress_frame = frame
        self.longest_gap = max(self.longest_gap, time - self.last)
        self.last, self.last_frame = max(self.last, time), frame
        self.last_frames[from_client] = frame
        if not from_client:
            self.answers += 1
            if not self.first_answer_frame:
                self.first_answer, self.first_answer_frame = time, frame

    def again(self, from_client: bool) -> None:
        """A message that was sent before."""
        self.repeated[from_client] += 1
        self.retransmissions += 1

    def _forward(self, time: int, frame: int) -> None:
        self.progress, self.progress_frame = max(self.progress, time), frame
        self.repeated = [0, 0]

    def restart(self) -> None:
        """The client begins again with the first block."""
        self.restarts += 1
        self.spans, self.begin, self.total, self.done = [], 0, None, False
        self.error, self.reset_by, self.blocks = 0, "", 0
        self.asked, self.furthest, self.final, self.answered, self.orderly = -1, -1, -1, True, True

    # ------------------------------------------------------------ requests

    def ask(self, first: int, size: int, length: int, more: bool, time: int, frame: int) -> None:
        """The client asks for the block at byte ``first``, or sends its ``length`` bytes."""
        self.requests += 1
        if first == self.asked and not self.answered:
            self.again(True)
            return
        if first != self.asked:
            self.holes += not self.answered and not self.promised and not self.repeated[1]
            if not self.writes and first == self.asked + size:
                self._cover(self.asked, first)  # it has that block, whether or not this capture does
            self.orderly = self.orderly and first > self.asked
            self._forward(time, frame)
        elif self.writes or self._covers(first):
            self.again(True)
        if self.requests == 1 and first:
            self.begin, self.tries = first, 0
        elif not first and self.swapped(time):
            self.begin, self.tries = 0, 1
        self.asked, self.sent, self.answered, self.promised = first, length, False, False
        self.furthest = max(self.furthest, first)
        self.error, self.reset_by = 0, ""
        self._spread(first)
        self._sized(size)
        self.many = self.many or first > 0 or (self.writes and more)
        self.last_sent = self.writes and not more
        if self.last_sent:
            self.total, self.final = first + length, first

    # ------------------------------------------------------------ answers

    def block2(self, first: int, size: int, length: int, more: bool, time: int, frame: int) -> None:
        """The server sends the block at byte ``first``."""
        if first == self.asked or self.asked < 0:
            self.answered = True
        self._spread(first)
        self._sized(size)
        self.many = self.many or more or first > 0
        if not more:
            self.total = first + length
        if self._covers(first):
            self.again(False)
            return
        self.blocks += 1
        self._forward(time, frame)
        self._cover(first, first + length)
        self.begin, self.error = min(self.begin, first), 0
        whole = self.spans == [[self.begin, self.total]]
        # What lies between two pieces and was not asked for in this capture either, was asked for in order.
        self.done = self.total is not None and (whole or (not more and self.orderly and self.asked == first))

    def block1(self, code: int, offered: int, time: int, frame: int, taken: int = -1) -> None:
        """The server takes the block that was sent last; ``taken`` and ``offered`` are the first byte and
        the size in its answer, -1 and 0 without.

        A smaller size is for the blocks to come: this one was taken whole (RFC 7959 figure 9).
        """
        if self.asked < 0:
            return
        self.continued = self.continued or code == CONTINUE
        other = 0 <= taken <= self.furthest and taken != self.asked and not self._covers(taken)
        if other and offered == self.size:
            # The capture put the question for another block between.
            self.blocks += 1
            self._forward(time, frame)
            last = taken == self.final
            self._cover(taken, (self.total or 0) if last else taken + offered)
            self.done = self.done or (last and code != CONTINUE)
            return
        again = self._covers(self.asked) or (self.done and self.last_sent)
        last = self.last_sent or (self.total is not None and offered == self.size and taken == self.final)
        self.answered = True
        if offered:
            self._sized(min(offered, self.size or offered))
        if again:
            self.again(False)
        else:
            self.blocks += 1
            self._forward(time, frame)
            self._cover(self.asked, self.asked + self.sent)
        # The server says that it has all of it, whether or not this capture does.
        self.done = self.done or (last and code != CONTINUE)

    def supply(self, first: int, length: int, more: bool, code: int, time: int, frame: int) -> None:
        """Take the answer about the block at byte ``first``, of ``length`` bytes, whose request is not
        here."""
        done = self.done
        self.holes += 1
        if time >= self.last:
            self.seen(time, frame, False)
        else:
            self.answers += 1
        if time < self.first:
            self.first, self.first_frame = time, frame
            self.tries = max(self.tries, first == 0)
        if first > self.furthest:
            if not self.writes and first == self.asked + self.size:
                self._cover(self.asked, first)
            self.asked = self.furthest = first
            self.answered, self.promised = True, False
        if not self.writes:
            self.block2(first, self.size, length, more, time, frame)
        elif not self._covers(first):
            self.blocks += 1
            self._forward(time, frame)
            # How much the last block held, only its request tells.
            self._cover(first, first + length if code == CONTINUE else first)
            self.done = first == self.furthest and self.continued and code != CONTINUE
        self.done = self.done or done

    def fail(self, code: int, frame: int) -> None:
        """The server answers with an error."""
        self.answered = True
        self.error, self.error_frame = code, frame

    # ------------------------------------------------------------ state

    def has(self, first: int) -> bool:
        """Whether the receiver has the block at byte ``first``."""
        return self._covers(first)

    def swapped(self, time: int) -> bool:
        """Whether a first block that is asked for now is a message that the capture put behind the second
        one, and not the file begun again."""
        return not self.tries and time - self.first <= EARLY

    @property
    def bytes(self) -> int:
        """Bytes that the receiver acknowledged."""
        held = sum(end - begin for begin, end in self.spans)
        if self.done and self.total is not None:
            return self.total - self.begin
        if self.writes:
            return held
        # A block that was fetched is acknowledged by the question for another one.
        return sum(min(end, max(self.asked, begin)) - begin for begin, end in self.spans)

    @property
    def image(self) -> bool:
        """Whether its name or its size says that it is more than data."""
        return self.bytes >= IMAGE_BYTES or like_image(self.path or "")

    @property
    def several(self) -> bool:
        """Whether more than one block was seen or sent."""
        return len(self.spread) > 1

    def _spread(self, first: int) -> None:
        if len(self.spread) < 4:
            self.spread[first] = None

    def _sized(self, size: int) -> None:
        if not size:
            return  # the request did not speak of blocks
        self.size = size
        if len(self.sizes) < 8:
            self.sizes[size] = None

    def _covers(self, first: int) -> bool:
        if self.spans and first >= self.spans[-1][0]:
            return first < self.spans[-1][1]
        return any(begin <= first < end for begin, end in self.spans)

    def _cover(self, begin: int, end: int) -> None:
        if begin >= end:
            if not self.spans:
                self.spans.append([begin, end])
            return
        if self.spans and self.spans[-1][1] == begin:
            self.spans[-1][1] = end
            return
        self.spans.append([begin, end])
        self.spans.sort()
        merged = [self.spans[0]]
        for span in self.spans[1:]:
            if span[0] <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], span[1])
            else:
                merged.append(span)
        self.spans = merged[:SPANS]


def shown(body: Body) -> bool:
    """Whether what is known of ``body`` makes it a transfer: one block is none, nor is what is observed.

    A resource whose name is an image's is one as well where its first block was never had.
    """
    if body.given and body.given == body.answers and not body.requests:
        return False
    if body.observed or (body.path or "").startswith(DISCOVERY):
        return False
    if body.several or (body.writes and body.many) or body.q_block:
        return True
    return like_image(body.path or "") and (body.many or not body.done) and bool(body.requests)
