"""Values taken apart: every mistake is noted at its place, and reading goes on."""

from __future__ import annotations

from analyzer.documents import MAX_MISTAKES, Reader, load


def test_reader_notes_everything_and_goes_on() -> None:
    text = "nmae: x\nport: 70000\nflag: maybe\nkind: tpc\nempty: ''\nswitch: true\n"
    reader = Reader("t.yaml")
    root = load(text, reader)
    fields = reader.fields(root, "a thing", ("name", "port"), ("flag", "kind", "empty", "switch"))
    assert reader.integer(fields.get("port"), "port", 1, 65535) is None
    assert reader.flag(fields.get("flag"), "flag") is None
    assert reader.choice(fields.get("kind"), "kind", ("tcp", "udp"), "udp") == "udp"
    assert reader.text(fields.get("empty"), "empty") == ""
    assert reader.text(fields.get("switch"), "switch") == ""
    assert reader.number(fields.get("kind"), "kind", 0, 1) is None
    assert [str(mistake) for mistake in reader.mistakes] == [
        "t.yaml:1:1: a thing has no field 'nmae' (did you mean 'name'?)",
        "t.yaml:1:1: a thing needs the field 'name'",
        "t.yaml:2:7: port '70000' is out of range (1 to 65535)",
        "t.yaml:3:7: flag must be true or false, not 'maybe'",
        "t.yaml:4:7: unknown kind 'tpc' (did you mean 'tcp'?)",
        "t.yaml:4:7: kind must be a number, not 'tpc' (0 to 1)",
        "t.yaml:5:8: empty must not be empty",
        "t.yaml:6:9: switch must be text, not 'true' (put it in quotes)",
    ]


def test_mistakes_come_in_file_order_each_once_and_not_without_end() -> None:
    reader = Reader("t.yaml")
    for line in range(MAX_MISTAKES + 50, 0, -1):
        reader.note_at(line, 1, "wrong")
        reader.note_at(line, 1, "wrong")
    assert [mistake.line for mistake in reader.mistakes] == list(range(1, MAX_MISTAKES + 1))
