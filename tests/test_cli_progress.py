import io

from analyzer.cli import progress
from analyzer.cli.progress import Meter


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def meter():
    clock, stream = Clock(), io.StringIO()
    return Meter(stream, clock), clock, stream


def test_short_work_shows_nothing():
    one, clock, stream = meter()
    one.start(1000)
    clock.now = 0.9
    one.advance(500)
    one.finish()
    assert stream.getvalue() == ""


def test_long_work_shows_share_rate_and_time_left():
    one, clock, stream = meter()
    one.start(4_000_000)
    clock.now = 2.0
    one.advance(1_000_000)
    assert stream.getvalue() == "\r 25% read 1.0 MB of 4.0 MB, 500.0 kB/s, 6.00 s left"
    one.finish()
    assert stream.getvalue().endswith("\r" + " " * 51 + "\r")


def test_updates_are_rare_and_cover_the_line_before():
    one, clock, stream = meter()
    one.start(10_000)
    clock.now = 2.0
    one.advance(1_000)
    before = stream.getvalue()
    clock.now = 2.1
    one.advance(1_000)
    assert stream.getvalue() == before
    clock.now = 2.3
    one.advance(8_000)
    assert len(stream.getvalue()) == 2 * len(before)


def test_unknown_total_and_a_file_that_grew():
    one, clock, stream = meter()
    one.start(None)
    clock.now = 2.0
    one.advance(3_000)
    assert stream.getvalue() == "\rread 3.0 kB, 1.5 kB/s"
    one.start(1_000)
    clock.now = 4.0
    one.advance(3_000)
    assert "100% read 3.0 kB of 1.0 kB" in stream.getvalue()
    one.start(0)
    clock.now = 6.0
    one.advance(0)
    one.finish()


def test_the_line_goes_away_when_the_job_fails(monkeypatch):
    made, clock, stream = meter()
    monkeypatch.setattr(progress, "meter", lambda quiet: made)
    try:
        with progress.shown(False) as shown:
            shown.start(10)
            clock.now = 2.0
            shown.advance(5)
            raise RuntimeError
    except RuntimeError:
        pass
    assert stream.getvalue().endswith(" \r")


def test_no_meter_off_a_terminal_or_when_quiet(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    assert progress.meter(False) is not None
    assert progress.meter(True) is None
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert progress.meter(False) is None
    monkeypatch.setattr("sys.stderr", None)
    assert progress.meter(False) is None
