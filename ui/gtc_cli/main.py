"""The entry point of `gtc`: one place for errors and exit codes.

0 ok, 1 a check failed, 2 usage, 3 unreachable, 4 a run of load meets a condition of `--fail-if`.
A person never sees a traceback for bad input.
"""

from __future__ import annotations

import difflib
import json
import sys
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from gtc_cli.extras import missing
from gtc_cli.verbs import VERBS
from gtc_spec.errors import GtcError, UsageError, one_line

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Gtc(click.Group):
    """The group of verbs, each imported when it is called; a wrong verb gets the closest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Names of all verbs, whatever is installed."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        """The verb of that name."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"gtc_cli.{module}"), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Verbs out of the table, then what click knows of options."""
        verbs = [
            CompletionItem(name, help=text)
            for name, (_, text) in sorted(VERBS.items())
            if name.startswith(incomplete)
        ]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as click calls it
        """Write the verbs as click does, out of the table."""
        width = formatter.width - 6 - max(map(len, VERBS))
        short = {name: click.Command(name, help=text) for name, (_, text) in VERBS.items()}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, short[name].get_short_help_str(width)) for name in sorted(VERBS)]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"did you mean gtc {close[0]}?" if close else "gtc --help lists the verbs"
            raise UsageError(f"unknown verb {args[0]!r}", hint) from error


@click.group(cls=Gtc, context_settings=CONTEXT)
@click.version_option(package_name="gtc-demo", message="%(version)s")
def gtc() -> None:
    """Deploy, drive and rehearse disaggregated LLM inference."""


def run(argv: list[str] | None = None) -> None:
    """Run `gtc` and exit."""
    sys.exit(main(argv))


def main(argv: list[str] | None = None) -> int:
    """Run `gtc` with these arguments and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    wants_json = "--json" in arguments
    try:
        result: Any = gtc.main(args=arguments, prog_name="gtc", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        said = one_line(error.format_message().rstrip(".").lower())
        return _print_error(said, "", 2, wants_json)
    except ModuleNotFoundError as error:
        lacking = missing(error)
        return _print_error(lacking.message, lacking.hint, lacking.exit_code, wants_json)
    except GtcError as error:
        return _print_error(error.message, error.hint, error.exit_code, wants_json)
    return result if isinstance(result, int) else 0


def _print_error(message: str, hint: str, code: int, wants_json: bool) -> int:
    if wants_json:
        click.echo(json.dumps({"error": message, "hint": hint, "exit_code": code}))
        return code
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code
