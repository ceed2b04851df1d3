"""Findings about transfers that failed: one for each cause between the same two kinds of host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analyzer.compliance import Judgement
from analyzer.conversation import Conversation
from analyzer.findings.case import FRAMES, Case, kind_of
from analyzer.model import (
    Cause,
    FindingKind,
    RowResult,
    Severity,
    Status,
    Transfer,
    TransferOutcome,
    Verdict,
)

Carried = tuple[Transfer, tuple[Conversation, ...]]
"""A transfer and the conversations that carried it, the request's first."""

EXAMPLES = 3
"""Transfers a finding spells out."""
WORDS: dict[Cause, str] = {
    Cause.NO_RESPONSE: "nobody answers the request",
    Cause.REFUSED: "the request is refused",
    Cause.BLOCKED: "the request does not get through",
    Cause.ERROR_NOT_FOUND: "the server has no such file",
    Cause.ERROR_ACCESS: "access to the file is denied",
    Cause.ERROR_DISK_FULL: "the receiver has no room",
    Cause.ERROR_OPTION: "the two ends do not agree on the options",
    Cause.ERROR_OTHER: "one end ended it with an error",
    Cause.DATA_PATH_BLOCKED: "the data does not reach the receiver",
    Cause.ACK_PATH_BLOCKED: "the acknowledgements do not reach the sender",
    Cause.REPLY_FROM_OTHER_ADDRESS: "the answer comes from another address than the one asked",
    Cause.FRAGMENTS_LOST: "IP fragments of large blocks are lost",
    Cause.BLOCK_WRAP: "it stops where block numbers begin again",
    Cause.MISSING_FINAL_BLOCK: "the last, empty block is never sent",
    Cause.STALLED: "it stops half-way",
    Cause.SIZE_MISMATCH: "it ends short of the announced size",
    Cause.WRONG_MODE: "an image is sent in text mode",
    Cause.CLIENT_GAVE_UP: "the client gives up",
    Cause.CAPTURE_ENDED: "the capture ends before it does",
    Cause.CAPTURE_ONE_SIDED: "the capture shows one direction only",
}
"""What a cause is called in a title."""
NAMES = {"tftp": "TFTP", "coap": "CoAP", "http": "HTTP"}
ROWS: dict[Status, str] = {
    Status.WORKING: "open: requests on it were answered",
    Status.FAILING: "blocked or closed: nothing on it was answered",
    Status.ONE_WAY: "seen in one direction only",
    Status.MISSING: "missing",
}


def judged(transfers: Iterable[Carried]) -> Mapping[int, bool]:
    """Rows of the conversations that a transfer speaks for, and whether one of these failed."""
    rows: dict[int, bool] = {}
    for transfer, flows in transfers:
        for flow in flows:
            rows[flow.row] = rows.get(flow.row, False) or transfer.outcome is TransferOutcome.FAILED
    return rows


def cases(
    transfers: Sequence[Carried],
    judgements: Mapping[int, Judgement],
    rows: Sequence[RowResult],
    waived: Mapping[int, str],
) -> list[Case]:
    """One case for each cause, operation and pair of roles."""
    found: dict[tuple[str, ...], tuple[Case, list[Transfer]]] = {}
    status = {result.row.id: result.status for result in rows}
    for transfer, flows in transfers:
        if transfer.outcome is not TransferOutcome.FAILED or transfer.cause is None or not flows:
            continue
        head = flows[0].parent or flows[0]
        judgement = judgements[head.row]
        severity = Severity.VIOLATION if judgement.certain else Severity.WARNING
        if judgement.verdict in (Verdict.OUT_OF_SCOPE, Verdict.INFRASTRUCTURE):
            severity = Severity.NOTE
        elif judgement.verdict is Verdict.REVIEW:
            severity = Severity.WARNING
        waiver = waived.get(head.row, "")
        key = (
            *(kind_of(end) for end in judgement.ends),
            transfer.protocol,
            transfer.operation,
            transfer.cause,
        )
        slot = (severity, waiver, *key)
        if slot not in found:
            case = Case(
                FindingKind.TRANSFER_FAILED, severity, (*key, waiver) if waiver else key, waived=waiver
            )
            found[slot] = (case, [])
        case, held = found[slot]
        for flow in flows:
            if flow not in case.flows and flow.parent not in case.flows:
                case.add(flow, judgements[flow.row])
        case.frames.update(
            transfer.evidence[: max(2, FRAMES // 8)] if len(case.frames) > FRAMES // 2 else transfer.evidence
        )
        held.append(transfer)
    for case, held in found.values():
        _word(case, held, status)
    return [case for case, _ in found.values()]


def _word(case: Case, held: Sequence[Transfer], status: Mapping[str, Status]) -> None:
    first = held[0]
    assert first.cause is not None
    clients = sorted({transfer.client for transfer in held})
    who = clients[0] if len(clients) == 1 else f"{len(clients)} clients"
    files = sorted({transfer.file for transfer in held if transfer.file})
    what = files[0] if len(files) == 1 else f"{len(files)} files" if files else "a file"
    way = "from" if first.operation == "read" else "to"
    servers = sorted({transfer.server for transfer in held})
    where = servers[0] if len(servers) == 1 else f"{len(servers)} servers"
    verb = "fetches" if first.operation == "read" else "sends"
    if len(clients) > 1:
        verb = "fetch" if first.operation == "read" else "send"
    case.title = f"{who} {verb} {what} {way} {where} by {NAMES[first.protocol]}: {WORDS[first.cause]}"
    lines = [spell(transfer) for transfer in held[:EXAMPLES]]
    more = sum(transfer.counts for transfer in held) - len(lines)
    said = ". ".join(lines) + (f". And {more} more" if more > 0 else "")
    rows = [f"{name} is {ROWS[status[name]]}" for name in case.rows if status.get(name) in ROWS]
    case.detail = said + ("." if rows else "") + "".join(f" {line}." for line in rows)
    case.advice = first.advice


def spell(transfer: Transfer) -> str:
    """One transfer in a sentence: how far it came, and what was seen."""
    total = f" of {transfer.expected_bytes}" if transfer.expected_bytes is not None else ""
    blocks = f"{transfer.blocks} blocks acknowledged, " if transfer.block_size else ""
    return (
        f"{transfer.id} {transfer.client} {transfer.operation} {transfer.file or 'a file'}: "
        f"{transfer.bytes}{total} bytes, {blocks}"
        f"{transfer.retransmissions} retransmissions, longest gap {transfer.longest_gap / 1e9:.1f} s; "
        f"{transfer.detail}"
    )
