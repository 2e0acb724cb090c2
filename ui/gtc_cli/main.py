"""The entry point of `gtc`: one place for errors and exit codes.

0 ok, 1 a check failed, 2 usage, 3 unreachable, 4 a run of load meets a condition of `--fail-if`.
A person never sees a traceback for bad input.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from gtc_cli.extras import missing
from gtc_spec.errors import GtcError, UsageError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Gtc(click.Group):
    """The group of verbs; a wrong verb gets the closest right one as a hint."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name. Only `load` comes alone: its first request must leave at once."""
        if cmd_name == "load":
            from gtc_cli.load.verb import load

            return load
        _learn_all(self)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all verbs; of `load` alone where nothing else is installed."""
        try:
            _learn_all(self)
        except ModuleNotFoundError as error:
            missing(error)
            return ["load"]
        return super().list_commands(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            close = difflib.get_close_matches(args[0], self.commands, n=1)
            hint = f"did you mean gtc {close[0]}?" if close else "gtc --help lists the verbs"
            raise UsageError(f"unknown verb {args[0]!r}", hint) from error


def _learn_all(group: click.Group) -> None:
    """Import every verb, once."""
    if group.commands:
        return
    from gtc_cli import dashboards, plan, rehearse
    from gtc_cli.checks import doctor, preflight, verify
    from gtc_cli.data import corpus, model
    from gtc_cli.show import drive, prescale, serve, status
    from gtc_cli.show import open as opening

    for command in (
        *serve.COMMANDS,
        *rehearse.COMMANDS,
        *drive.COMMANDS,
        plan.plan,
        status.status,
        opening.open_place,
        *doctor.COMMANDS,
        preflight.preflight,
        prescale.prescale,
        verify.verify,
        *corpus.COMMANDS,
        dashboards.dashboards,
        model.model,
        *_packaged(),
    ):
        group.add_command(command)


def _packaged() -> tuple[click.Command, ...]:
    """Verbs that have a package of their own, and the one that is named like a function."""
    from gtc_cli.compare.verb import compare
    from gtc_cli.deploy import verbs
    from gtc_cli.load.verb import load
    from gtc_cli.show import wait as waiting

    return (load, compare, waiting.wait, *verbs.COMMANDS)


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
        return _tell(error.format_message().rstrip(".").lower(), "", 2, wants_json)
    except ModuleNotFoundError as error:
        lacking = missing(error)
        return _tell(lacking.message, lacking.hint, lacking.exit_code, wants_json)
    except GtcError as error:
        return _tell(error.message, error.hint, error.exit_code, wants_json)
    return result if isinstance(result, int) else 0


def _tell(message: str, hint: str, code: int, wants_json: bool) -> int:
    if wants_json:
        click.echo(json.dumps({"error": message, "hint": hint, "exit_code": code}))
        return code
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    return code
