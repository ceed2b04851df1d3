from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.report.layout import duration, number, pad, paint, plural, size, table, width, wrap

WORDS = st.lists(st.text("abcé照=/", min_size=1, max_size=40), max_size=12)


def test_width_counts_columns():
    assert width("abc") == 3
    assert width("照明") == 4
    assert width("e\u0301") == 1
    assert pad("照", 4) == "照  "
    assert pad("7", 3, right=True) == "  7"
    assert pad("abcd", 2) == "abcd"


def test_paint_only_where_wanted():
    assert paint("x", "red", True) == "\x1b[31mx\x1b[0m"
    assert paint("x", "red", False) == "x"
    assert paint("x", "", True) == "x"


def test_wrap_indents():
    assert wrap("one two three", 12, "- ") == ["- one two", "  three"]
    assert wrap("", 12, "- ") == ["-"]
    assert wrap("abcdefghijkl", 10, " ", " ") == [" abcdefghi", " jkl"]


@given(WORDS, st.integers(12, 40))
@settings(deadline=None)
def test_wrap_keeps_every_character_and_the_width(words, columns):
    lines = wrap(" ".join(words), columns, "> ", "  ")
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(line[2:] for line in lines).split()) == "".join(words)


@given(
    st.lists(st.lists(st.text("ab:.照", max_size=30), min_size=1, max_size=5), max_size=5),
    st.integers(20, 60),
)
@settings(deadline=None)
def test_table_keeps_every_cell_and_the_width(rows, columns):
    lines = table(rows, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join("".join(row) for row in rows)


def test_table_aligns():
    assert table([("1", "a", "x"), ("10", "bcd", "y")], 80, frozenset({0})) == [
        "   1  a    x",
        "  10  bcd  y",
    ]


def test_numbers_for_readers():
    assert number(1234567) == "1 234 567"
    assert [size(n) for n in (0, 999, 1000, 1_500_000, 999_960, 3 * 10**15)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.5 MB",
        "1.0 MB",
        "3000.0 TB",
    ]
    s = 10**9
    assert [duration(n) for n in (0, s // 4, 12 * s, 185 * s, 7800 * s, 356400 * s, -12 * s)] == [
        "0.00 s",
        "0.25 s",
        "12 s",
        "3 min 05 s",
        "2 h 10 min",
        "4 d 03 h",
        "-12 s",
    ]
    assert plural(1, "flow") == "1 flow"
    assert plural(1200, "entry") == "1 200 entries"
