"""An ERROR as the last word: whose it is, and what code and text say."""

from __future__ import annotations

import pytest
from test_transfers_tftp_endings_ending import state
from tftpwire import Wire, ack, data, error, rrq

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.tftp.endings.errors import told


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        (0, "internal", Cause.ERROR_OTHER),
        (0, "Permission denied", Cause.ERROR_ACCESS),
        (0, "no such file or directory", Cause.ERROR_NOT_FOUND),
        (0, "No space left on device", Cause.ERROR_DISK_FULL),
        (1, "Permission denied", Cause.ERROR_NOT_FOUND),
        (2, "", Cause.ERROR_ACCESS),
        (3, "", Cause.ERROR_DISK_FULL),
        (4, "no such file", Cause.ERROR_OTHER),
        (8, "", Cause.ERROR_OPTION),
    ],
)
def test_the_server_s_error(code: int, words: str, cause: Cause) -> None:
    ending = told(*state(Wire().c(0, rrq(), 69).s(0.1, error(code, words))))
    assert (ending.outcome, ending.cause) == (TransferOutcome.FAILED, cause)
    assert ending.said[0].startswith(f"ERROR {code} from the server")
    assert words in ending.said[0]


@pytest.mark.parametrize(
    ("code", "cause"), [(0, Cause.CLIENT_GAVE_UP), (2, Cause.ERROR_ACCESS), (3, Cause.ERROR_DISK_FULL)]
)
def test_the_client_s_error_states_a_reason_or_ends_it(code: int, cause: Cause) -> None:
    wire = Wire().c(0, rrq(), 69).s(0.1, data(1)).c(0.2, ack(1)).s(0.3, data(2)).c(0.4, error(code, ""))
    assert told(*state(wire)).cause is cause


def test_a_client_that_has_the_file_already_says_so() -> None:
    """Some devices compare the first block with what they run, and decline."""
    ending = told(*state(Wire().c(0, rrq(), 69).s(0.1, data(1)).c(0.2, error(6, "File already exists"))))
    assert ending.cause is Cause.CLIENT_GAVE_UP
    assert "has this file already" in ending.said[-1]
