"""The command line: options that hold everywhere, and the way out of every error."""

from __future__ import annotations

import sys
from typing import Any

import click

from podfetch_tui import __version__
from podfetch_tui.cli.config_commands import config_group
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.demo_command import demo_command
from podfetch_tui.cli.episode_commands import episodes_group
from podfetch_tui.cli.feed_commands import feeds_group, import_command
from podfetch_tui.cli.state_commands import (
    events_command,
    init_command,
    status_command,
    verify_command,
)
from podfetch_tui.config.units import parse_duration
from podfetch_tui.model.errors import Failure, Kind, PodfetchError


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return float(parse_duration(str(value)))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
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
@click.option("-q", "--quiet", is_flag=True, help="Say less.")
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
    engine. Options given here hold for every command.
    """
    level = -1 if quiet else verbose
    ctx.obj = Context(
        config_file=config_file, archive=archive, feeds=feeds, sets=sets, verbose=level
    )
    if ctx.invoked_subcommand is not None:
        return
    from podfetch_tui.cli.run import RunOptions, run

    options = RunOptions(
        no_ui=no_ui,
        once=once,
        for_s=for_s,
        paused=paused,
        log_format=log_format or ("text" if sys.stderr.isatty() else "json"),
        verbose=level,
    )
    ctx.exit(run(ctx.obj, options))


for _command in (
    config_group,
    demo_command,
    episodes_group,
    events_command,
    feeds_group,
    import_command,
    init_command,
    status_command,
    verify_command,
):
    podfetch.add_command(_command)


_EXIT_BY_KIND = {
    Kind.DISK_FULL: 7,
    Kind.READ_ONLY: 7,
    Kind.IO_ERROR: 7,
    Kind.PERMISSION: 7,
    Kind.CATALOG_CORRUPT: 7,
    Kind.CATALOG_BUSY: 4,
}


def main() -> None:
    """Run the command line and exit with a code of DESIGN section 16."""
    try:
        code = podfetch.main(standalone_mode=False)
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
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
