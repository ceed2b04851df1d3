"""The command line: arguments in, pipeline, exit code out. One file a command, found by being here.

A command module holds one click command named ``COMMAND``. It imports the pipeline and renderers
inside its function, so that ``--help`` costs only click. Exit codes: 0 compliant, 1 a violation,
2 could not do the job, with one clear line on standard error and never a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn

import click

from analyzer import registry
from analyzer.cli.options import TYPED
from analyzer.cli.output import prepare, reader_left, say, say_line, silence
from analyzer.errors import DocumentError, PortmatrixError
from analyzer.version import VERSION

SHARED: Final = frozenset({"follow", "job", "options", "output", "progress", "pseudonyms"})
"""Modules of this folder that are not commands."""

DEBUG: Final = "PORTMATRIX_DEBUG"
"""Environment variable: set to 1, an unexpected error shows its traceback."""

CANNOT: Final = 2


class Commands(click.Group):
    """A group whose commands are the modules of this folder, imported when asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the command line as it was typed: a report says how it was made."""
        ctx.meta[TYPED] = tuple(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the command modules."""
        return registry.names(__path__, SHARED)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command named first; a name that nearly is one is told which."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            import difflib  # noqa: PLC0415 - only for a mistake

            close = difflib.get_close_matches(name.lower(), self.list_commands(ctx), n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The ``COMMAND`` of module ``cmd_name``. A module without one raises, naming it."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return registry.entry(__name__, cmd_name, "COMMAND", click.Command)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from analyzer.decode import name  # noqa: PLC0415 - every other command line does without it here

        click.echo(f"portmatrix {VERSION} (decoder: {name()})")
        ctx.exit()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
def portmatrix() -> None:
    """Compare captured traffic with the port matrices that equipment vendors publish.

    Exit codes: 0 compliant, 1 at least one violation (firmware: a failed transfer; diff: a difference), 2
    could not do the job.
    """


def _usage(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    return f"{message} (see {context.command_path} --help)" if context else message


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; whatever goes wrong is one line, not a traceback."""
    try:
        code = portmatrix.main(
            list(arguments) if arguments is not None else None,
            prog_name="portmatrix",
            standalone_mode=False,
            windows_expand_args=False,
        )
        _flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return CANNOT
    except click.ClickException as error:
        say_line(_usage(error))
        return CANNOT
    except PortmatrixError as error:
        _tell(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 128 + signal.SIGINT
    except BrokenPipeError:
        silence()
        return 0
    except OSError as error:
        name = f"{error.filename}: " if error.filename is not None else ""
        say_line(f"{name}{error.strerror or error}")
        return CANNOT
    except MemoryError:
        say("not enough memory for this capture: split it (editcap -c) and pass the parts")
        return CANNOT
    except Exception as error:
        if os.environ.get(DEBUG) == "1":
            raise
        say(_defect(error))
        return CANNOT
    return code if isinstance(code, int) else 0


def _flush() -> None:
    """Write out what standard output still holds. It is None where the program was started with it closed."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        if not reader_left(error):
            raise
        silence()


def _tell(error: PortmatrixError) -> None:
    """One line for what went wrong; one for each mistake in a document."""
    for line in error.mistakes if isinstance(error, DocumentError) else (error,):
        say_line(str(line))


def _defect(error: Exception) -> str:
    """One line for an error of ours: what and where, without the values it was about."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = ""
    if trace is not None:
        where = f" at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
    said = " ".join(str(error).split())[:200]
    return (
        f"defect in portmatrix {VERSION}: {type(error).__name__}{where}: {said} "
        f"(please report it with the output of the same command under {DEBUG}=1)"
    )


def _terminated(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """A process of its own: :func:`run` with streams that never fail on a character, then its exit code."""
    prepare()
    if hasattr(signal, "SIGTERM"):
        # As an exception, so that a half-written output file is removed.
        signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(arguments))
