"""The command line: options that hold everywhere, and the way out of every error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import click

from podfetch_tui import __version__
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.lazy import LazyGroup
from podfetch_tui.model.errors import Failure, Kind, PodfetchError, UsageError
from podfetch_tui.model.moments import duration_of

COMMANDS = {
    "attach": "attach_command:attach_command",
    "backup": "backup_command:backup_command",
    "completion": "completion_command:completion_command",
    "config": "config_commands:config_group",
    "demo": "demo_command:demo_command",
    "doctor": "doctor.command:doctor_command",
    "episodes": "episode_commands:episodes_group",
    "events": "state_commands:events_command",
    "export": "export_command:export_command",
    "feeds": "feed_commands:feeds_group",
    "hosts": "hosts_commands:hosts_group",
    "import": "feed_commands:import_command",
    "init": "state_commands:init_command",
    "limits": "limit_commands:limits_group",
    "pause": "engine_commands:pause_command",
    "quarantine": "quarantine_commands:quarantine_group",
    "restore": "restore_command:restore_command",
    "reload": "limit_commands:reload_command",
    "resume": "engine_commands:resume_command",
    "serve": "serve_command:serve_command",
    "status": "status_command:status_command",
    "stop": "engine_commands:stop_command",
    "undo": "undo_command:undo_command",
    "verify": "verify_command:verify_command",
    "why": "why_command:why_command",
}
"""Where each command is; its code is loaded when it is called."""


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return duration_of("--for", str(value)) / 1000
        except UsageError as error:
            self.fail(str(error), param, ctx)


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--config", "config_file", metavar="FILE", help="Settings file to use.")
@click.option("--archive", metavar="DIR", help="Folder of the archive.")
@click.option("--feeds", multiple=True, metavar="LIST", help="Import this feed list first.")
@click.option("--set", "sets", multiple=True, metavar="SECTION.KEY=VALUE", help="Set one key.")
@click.option("--no-ui", is_flag=True, help="Run without the terminal application.")
@click.option("--once", is_flag=True, help="Do all that is due once, then exit.")
@click.option("--for", "for_s", type=_Duration(), metavar="TIME", help="Stop after this time.")
@click.option("--paused", is_flag=True, help="Start paused.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default=None, help="Of stderr.")
@click.option("-v", "--verbose", count=True, help="Say more.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong, and how a run ended.")
@click.version_option(__version__, prog_name="podfetch")
@click.pass_context
def podfetch(
    ctx: click.Context,
    *,
    config_file: str | None,
    archive: str | None,
    feeds: tuple[str, ...],
    sets: tuple[str, ...],
    no_ui: bool,
    once: bool,
    for_s: float | None,
    paused: bool,
    log_format: str | None,
    verbose: int,
    quiet: bool,
) -> None:
    """Archive podcasts: poll feeds, download, validate, record every episode.

    Without a command this opens the terminal application on the archive and runs its
    engine. Options given here hold for every command, but for those of a run (--feeds,
    --no-ui, --once, --for, --paused, --log-format).
    """
    level = -1 if quiet else verbose
    ctx.obj = Context(
        config_file=config_file, archive=archive, feeds=feeds, sets=sets, verbose=level
    )
    if ctx.invoked_subcommand is not None:
        _refuse_unused(
            ctx.invoked_subcommand,
            {
                "--feeds": bool(feeds) and ctx.invoked_subcommand != "demo",
                "--no-ui": no_ui,
                "--once": once,
                "--for": for_s is not None,
                "--paused": paused,
                "--log-format": log_format is not None,
            },
        )
        return
    from podfetch_tui.cli.first_run import begin
    from podfetch_tui.cli.run import RunOptions

    options = RunOptions(
        no_ui=no_ui,
        once=once,
        for_s=for_s,
        paused=paused,
        log_format=log_format or ("text" if sys.stderr.isatty() else "json"),
        verbose=level,
    )
    ctx.exit(begin(ctx.obj, options))


def _refuse_unused(command: str, given: Mapping[str, bool]) -> None:
    """Refuse options of a run before a command that would pass them over.

    Raises:
        UsageError: There is one.
    """
    unused = [name for name, is_given in given.items() if is_given]
    if unused:
        raise UsageError(
            f"{unused[0]} is for a run of the engine (`podfetch` without a command);"
            f" `{command}` does not take it there: see `podfetch {command} --help`"
        )


_EXIT_BY_KIND = {
    Kind.DISK_FULL: 7,
    Kind.READ_ONLY: 7,
    Kind.IO_ERROR: 7,
    Kind.PERMISSION: 7,
    Kind.CATALOG_CORRUPT: 7,
    Kind.CATALOG_BUSY: 4,
}


def _die(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:  # pragma: no cover  the process ends here
    """Show what nobody thought of, and end with the exit code of an internal error."""
    traceback.print_exception(kind, error, trace)
    click.echo("podfetch: this is a bug in PodFetch; nothing that was recorded is lost", err=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(PodfetchError.exit_code)


def main() -> None:
    """Run the command line and exit with a code of DESIGN section 16."""
    sys.excepthook = _die
    try:
        code = podfetch.main(prog_name="podfetch", standalone_mode=False)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except PodfetchError as error:
        click.echo(f"podfetch: {error}", err=True)
        code = error.exit_code
    except Failure as failure:
        click.echo(f"podfetch: {failure}", err=True)
        code = _EXIT_BY_KIND.get(failure.kind, 8)
    except MemoryError:
        click.echo("podfetch: memory ran out", err=True)
        code = PodfetchError.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
