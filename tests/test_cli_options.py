import re

import click
import pytest
from click.testing import CliRunner

from analyzer.cli import options, portmatrix
from analyzer.errors import UsageError


def collected(*decorators):
    """What a command with these options gets from its arguments."""
    got = {}

    def command(**given):
        got.update(given)

    for decorator in reversed(decorators):
        command = decorator(command)
    return click.command()(command), got


def test_options_that_repeat_are_tuples_in_order():
    command, got = collected(options.captures, options.site, options.judgement)
    arguments = "a --host x=1 --host y=2 b --rules r --site s --activity all --activity discovery --strict"
    result = CliRunner().invoke(command, arguments.split())
    assert result.exit_code == 0, result.output
    assert got == {
        "captures": ("a", "b"),
        "site": "s",
        "hosts": ("x=1", "y=2"),
        "rules": ("r",),
        "activities": ("all", "discovery"),
        "strict": True,
    }


def test_a_pattern_that_the_shell_left_alone_is_what_it_matches(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.pcap", "a.pcap", "notes.txt", "[c].pcap"):
        (tmp_path / name).touch()
    command, got = collected(options.captures)
    result = CliRunner().invoke(
        command, ["-", "[ab].pcap", "[c].pcap", "s3://b/*.pcap", "missing.pcap", "[d].pcap"]
    )
    assert result.exit_code == 0, result.output
    assert got["captures"] == (
        "-",
        "a.pcap",
        "b.pcap",
        "[c].pcap",
        "s3://b/*.pcap",
        "missing.pcap",
        "[d].pcap",
    )


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, _ = collected(options.captures)
    with pytest.raises(UsageError, match=r"^x\*\.pcap: names no file$"):
        command.main(["x*.pcap"], standalone_mode=False)


def test_talk_is_counted():
    command, got = collected(options.talk("Less.", "More."))
    CliRunner().invoke(command, ["-vv", "-q", "--no-progress"])
    assert got == {"quiet": 1, "verbose": 2, "no_progress": True}
    assert re.search("-v, --verbose +More.", CliRunner().invoke(command, ["--help"]).output)


def test_who_has_no_more_to_tell_takes_v_and_does_not_offer_it():
    command, got = collected(options.talk("Less."))
    assert "verbose" not in CliRunner().invoke(command, ["--help"]).output
    assert CliRunner().invoke(command, ["-v"]).exit_code == 0
    assert got["verbose"] == 1


def test_help_lists_the_formats_of_its_kind():
    report, _ = collected(options.output("report"))
    flows, _ = collected(options.output("flows"))
    own, got = collected(options.output("", "text", "powershell"))
    assert "jsonl" not in CliRunner().invoke(report, ["--help"]).output
    assert "jsonl" in CliRunner().invoke(flows, ["--help"]).output
    assert "text, powershell" in CliRunner().invoke(own, ["--help"]).output
    CliRunner().invoke(own, ["--format", "x", "-o", "f"])
    assert got == {"format_name": "x", "target": "f"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "a b.pcap", "--site", "x"), "portmatrix check 'a b.pcap' --site x"),
        (("https://user:pass@host/a.pcap",), "portmatrix 'https://***@host/a.pcap'"),
        (("s3://b/a?X-Signature=abc&part=2",), "portmatrix 's3://b/a?X-Signature=***&part=2'"),
        (("--host=igor-node=10.0.0.1@6.0.2",), "portmatrix --host=igor-node=10.0.0.1@6.0.2"),
    ],
    ids=["quoted", "password", "signature", "no URL"],
)
def test_the_command_line_is_told_without_secrets(words, said):
    context = click.Context(click.Command("check"))
    context.meta[options.TYPED] = words
    with context:
        assert options.typed() == said


def test_the_shells_of_windows_take_the_command_line_too(monkeypatch):
    monkeypatch.setattr(options, "WINDOWS", True)
    context = click.Context(click.Command("check"))
    context.meta[options.TYPED] = ("evidence", r"C:\captures\a.pcap", "--frames", "1,5-9", "-o", "b c.pcapng")
    with context:
        said = options.typed()
    assert said == r'portmatrix evidence C:\captures\a.pcap --frames "1,5-9" -o "b c.pcapng"'


# ---------------------------------------------------------------- numbers

NO_NUMBERS = [
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e3",
    "1e400",
    "0x10",
    "1_0",
    "\u0663",
    "\uff13",
    "",
    " 5",
    "5 ",
    "5s",
    "--",
]


@pytest.mark.parametrize("written", [*NO_NUMBERS, "0.5", "9" * 19])
def test_what_is_no_whole_number(written):
    number = options.Whole(1, 5000)
    with pytest.raises(click.BadParameter, match="is no whole number, such as 50") as error:
        number.convert(written, None, None)
    assert "\n" not in error.value.message


@pytest.mark.parametrize("written", [*NO_NUMBERS, ".5", "5.", "1.2.3", "9" * 19])
def test_what_is_no_number(written):
    with pytest.raises(click.BadParameter, match=r"is no number, such as 2 or 0\.5"):
        options.Decimal(0.0, 86_400.0).convert(written, None, None)


@pytest.mark.parametrize("written", ["-1", "0", "5001", "9" * 18])
def test_numbers_out_of_bounds(written):
    with pytest.raises(click.BadParameter, match="is not in the range"):
        options.Whole(1, 5000).convert(written, None, None)


def test_numbers():
    assert options.Whole(1, 5000).convert("0050", None, None) == 50
    assert options.Whole(1).convert(7, None, None) == 7
    assert options.Decimal(0.0, 10.0).convert("0.25", None, None) == 0.25
    assert options.Decimal(0.0, 10.0).convert("+3", None, None) == 3.0


def commands(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_option_that_takes_a_number_takes_only_numbers():
    """Of all commands there are: who adds an option with a type of click's own that is too generous fails
    here."""
    numeric = [
        (path, option.opts[-1], option.type)
        for path, command in commands(portmatrix)
        for option in command.params
        if isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType))
        and not getattr(option, "count", False)
        and not getattr(option, "is_flag", False)
    ]
    assert {option for _, option, _ in numeric} >= {"--interval", "--limit", "--jobs"}
    for path, option, kind in numeric:
        assert isinstance(kind, (options.Whole, options.Decimal)), (path, option)
