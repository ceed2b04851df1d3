import errno
import io
import os
import stat
import sys
import types

import pytest

from analyzer.cli import output
from analyzer.errors import UsageError

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")


def put(target, text="new", binary=False):
    with output.whole_file(str(target), binary) as stream:
        stream.write(text)


def test_a_file_is_written_whole(tmp_path):
    put(tmp_path / "a.txt", "käse\n")
    assert (tmp_path / "a.txt").read_bytes() == "käse\n".encode()
    put(tmp_path / "a.txt", b"\x00", binary=True)
    assert (tmp_path / "a.txt").read_bytes() == b"\x00"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def fail(target, error):
    with output.whole_file(str(target)) as stream:
        stream.write("half")
        raise error


def test_two_results_do_not_share_a_file(tmp_path):
    here = str(tmp_path / "a")
    output.refuse_twice(("-o", here), ("--map", None), ("--site-output", str(tmp_path / "b")))
    output.refuse_twice(("-o", "-"), ("--site-output", "-"))
    output.refuse_twice(("-o", os.devnull), ("--site-output", os.devnull))
    with pytest.raises(UsageError, match=r"--map .*: is the file of -o too"):
        output.refuse_twice(("-o", here), ("--map", str(tmp_path / "x" / ".." / "a")))


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_or_not_at_all(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(error):
        fail(tmp_path / "a.txt", error)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_fills_names_the_file(tmp_path):
    """The error of a write carries no file name of its own."""
    with pytest.raises(UsageError, match=r"-o .*a\.txt: No space left on device$"):
        fail(tmp_path / "a.txt", OSError(errno.ENOSPC, "No space left on device"))
    assert list(tmp_path.iterdir()) == []


def test_a_lone_surrogate_does_not_stop_it(tmp_path):
    put(tmp_path / "a.txt", "\udcff")
    assert (tmp_path / "a.txt").read_text() == "\\udcff"


@posix
def test_permissions_are_kept_or_those_of_a_new_file(tmp_path):
    old = os.umask(0o027)
    try:
        put(tmp_path / "new")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    put(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


@posix
def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "a.txt")
    put(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "a.txt").read_text() == "new"


@posix
def test_a_device_is_written_not_replaced(tmp_path):
    put("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    put(fifo)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@pytest.mark.parametrize("name", ["", "missing/a.txt", "a\0b", "x" * 300])
def test_a_place_that_cannot_be_written_names_itself(tmp_path, name):
    with pytest.raises(UsageError, match=r"^-o "):
        put(f"{tmp_path}/{name}")
    assert list(tmp_path.iterdir()) == []


def test_inputs_are_never_overwritten(tmp_path):
    capture = tmp_path / "a.pcap"
    capture.write_bytes(b"x")
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError, match="input"):
        output.refuse_inputs(
            str(tmp_path / "sub" / ".." / "a.pcap"), [None, "-", "http://x/\0", str(capture)]
        )
    output.refuse_inputs(str(tmp_path / "b.pcap"), [str(capture), str(tmp_path)])
    output.refuse_inputs(None, [str(capture)])
    output.refuse_inputs("-", ["-"])


def test_style_of_a_stream(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "300")

    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    shown = output.style(Terminal(io.BytesIO(), encoding="utf-8"), 0)
    assert (shown.width, shown.colour, shown.ascii) == (120, True, False)
    assert output.style(Terminal(io.BytesIO(), encoding="cp437"), 0).ascii
    assert not output.style(io.StringIO(), 0).colour
    assert output.style(io.StringIO(), 0).width == 80
    assert output.style(io.StringIO(), 0, 100).width == 100
    assert output.style(None, 1).verbosity == 1


def test_say_is_safe_and_line_by_line(capsys):
    output.say("one \x1b[31m\ntwo")
    assert capsys.readouterr().err == "portmatrix: one \\x1b[31m\nportmatrix: two\n"


class Stream(io.TextIOWrapper):
    """Standard output of a process on a system of our choice."""

    def __init__(self, terminal, newline=None):
        super().__init__(io.BytesIO(), encoding="cp1252", newline=newline)
        self._terminal = terminal

    def isatty(self):
        return self._terminal


def test_data_has_the_same_bytes_on_windows(monkeypatch):
    out = Stream(False, "\r\n")  # what a text stream does there
    monkeypatch.setattr(output, "WINDOWS", True)
    monkeypatch.setattr(sys, "stdout", out)
    output.prepare()
    output.lines(["one", "\u2713"])
    assert out.buffer.getvalue() == b"one\n\\u2713\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_windows_console_is_asked_for_colours(monkeypatch, terminal):
    asked = []
    colorama = types.ModuleType("colorama")
    colorama.just_fix_windows_console = lambda: asked.append(sys.stdout)
    monkeypatch.setitem(sys.modules, "colorama", colorama)
    monkeypatch.setattr(output, "WINDOWS", True)
    monkeypatch.setattr(sys, "stdout", Stream(terminal))
    monkeypatch.setattr(sys, "stderr", None)
    output.prepare()
    assert asked == [sys.stdout] * terminal


def test_a_reader_that_left_has_two_names_on_windows(monkeypatch):
    errors = BrokenPipeError(), OSError(errno.EINVAL, "Invalid argument"), OSError(errno.ENOSPC, "full")
    assert [output.reader_left(error) for error in errors] == [True, False, False]
    monkeypatch.setattr(output, "WINDOWS", True)
    assert [output.reader_left(error) for error in errors] == [True, True, False]
