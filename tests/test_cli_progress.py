import io

from analyzer.cli import progress
from analyzer.cli.progress import LOG_INTERVAL, Meter, Tally


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


class Job:
    def __init__(self, size):
        self.size = size


def tally(*, live):
    clock, stream = Clock(), io.StringIO()
    return Tally(stream, [Job(1_000_000), Job(3_000_000), Job(None)], clock, live=live), clock, stream


def test_a_fleet_on_a_terminal_is_one_line():
    one, clock, stream = tally(live=True)
    one.tick()
    assert stream.getvalue() == ""
    one.advance(1_000_000)
    one.finished(Job(1_000_000), True)
    clock.now = 2.0
    one.tick()
    line = "1 of 3 captures, 1.0 MB of 4.0 MB, 500.0 kB/s, 6.00 s left, 1 failed"
    assert stream.getvalue() == f"\r{line}"
    clock.now = 2.1
    one.tick()
    assert stream.getvalue() == f"\r{line}", "more often cannot be read"
    one.finish()
    assert stream.getvalue() == f"\r{line}\r{' ' * len(line)}\r"


def test_a_fleet_in_a_log_is_a_line_now_and_then():
    one, clock, stream = tally(live=False)
    for second in range(3 * int(LOG_INTERVAL)):
        clock.now = float(second)
        one.advance(10_000)
    one.finish()
    assert [line.split(",")[0] for line in stream.getvalue().split("\n")] == ["0 of 3 captures"] * 2 + [""]


def test_without_sizes_the_number_of_captures_tells():
    clock, stream = Clock(), io.StringIO()
    one = Tally(stream, [Job(None)] * 4, clock)
    one.finished(Job(None), False)
    clock.now = 3.0
    one.tick()
    assert stream.getvalue() == "\r1 of 4 captures, 0 B of 0 B, 0 B/s, 9.00 s left, 0 failed"


def test_a_fleet_is_told_of_unless_it_is_to_be_quiet(capsys):
    with progress.counted(True, []) as watch:
        assert watch is None
    with progress.counted(False, [Job(1)]) as watch:
        watch.finished(Job(1), False)
    assert capsys.readouterr().err == "", "no log line before its time"
