"""The group of all commands, and how errors reach the person who typed one.

Exit statuses: 0 nothing failed, 1 a fault was found (or a drill row is not green), 2 the input or the usage is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from errno import ENOSPC
from importlib import import_module
from typing import BinaryIO, NamedTuple, TextIO

import click

from recoup.errors import RecoupError
from recoup.settings import Settings

__all__ = ["Invocation", "Streams", "main"]

# Name -> module under recoup.cli. A command is imported when it runs, or for its one line of `recoup --help`.
COMMANDS = ("explain", "diagnose", "lint", "doctor", "status", "resume", "sandbox", "gateway", "drill")


class Streams(NamedTuple):
    """Where a command reads and writes: bytes in, text out."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO


class Invocation(NamedTuple):
    """What every command gets: its streams, the settings, and the environment for names that its input mentions."""

    streams: Streams
    settings: Settings
    environment: Mapping[str, str]


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"recoup.cli.{cmd_name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recoup")
def _recoup() -> None:
    """Get Selling Partner API calls back on their feet.

    \b
    recoup explain SC_00005          what a code, a status or a message means, and what to do
    recoup diagnose response.txt     which fault is this? (or paste into: recoup diagnose -)
    recoup doctor                    what is wrong with my credentials?
    recoup lint request.http         what is wrong with a request, at which byte, and how to mend it
    recoup sandbox                   an Amazon that fails for real reasons, on this machine
    recoup gateway --region NA       the same recovery for programs in any language, by a local address
    recoup drill                     raise every fault and watch what recoup makes of it
    """


# What a command imports of other people's, and the extra that brings it.
EXTRAS = {
    ("sandbox", "jinja2"): "sandbox",
    ("doctor", "httpx2"): "httpx2",
    ("diagnose", "httpx2"): "httpx2",  # --probe
    ("gateway", "httpx2"): "gateway",
    ("gateway", "uvicorn"): "gateway",
    ("gateway", "httptools"): "gateway",
    ("drill", "httpx2"): "drill",
    ("drill", "jinja2"): "drill",
    ("drill", "rich"): "drill",
}


def main(arguments: Sequence[str], streams: Streams, environment: Mapping[str, str]) -> int:
    """Run one command and return its exit status. Never raises for bad input: it says what, why and what to do now."""
    with redirect_stdout(streams.stdout), redirect_stderr(streams.stderr):
        try:
            invocation = Invocation(streams, Settings.read(environment), environment)
            with _recoup.make_context("recoup", list(arguments), obj=invocation) as context:
                result = _recoup.invoke(context)
            streams.stdout.flush()
        except click.exceptions.Exit as stop:
            return stop.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            streams.stdout.write(error.format_message() + "\n")
            return 2
        except click.ClickException as error:
            error.show(file=streams.stderr)
            return 2
        except (click.Abort, KeyboardInterrupt):
            streams.stderr.write("stopped\n")
            return 130
        except RecoupError as error:
            streams.stderr.write(f"recoup: {error}\n")
            return 2
        except BrokenPipeError:  # whoever read our output has gone, as `| head` does: nothing is left to say
            return 0
        except ModuleNotFoundError as error:
            command, module = next(iter(arguments), ""), (error.name or "").partition(".")[0]
            extra = EXTRAS.get((command, module))
            if extra is None:
                raise
            streams.stderr.write(
                f"recoup: '{command}' needs {module}, which is not installed; the extra [{extra}] brings it:\n"
                f'    pip install "recoup[{extra}]"\n'
            )
            return 2
        except OSError as error:
            if error.errno != ENOSPC:
                raise
            streams.stderr.write(f"recoup: the output cannot be written: {error.strerror}\n")
            return 2
    return result if isinstance(result, int) else 0
