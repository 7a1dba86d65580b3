"""The first run: neither an INI nor an archive, and somebody at a terminal to ask."""

from __future__ import annotations

import os
import sys

from msgspec.structs import replace

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.context import Context, config_file, load_settings
from podfetch_tui.cli.run import RunOptions, run
from podfetch_tui.cli.terminal import missing
from podfetch_tui.model.errors import PodfetchError
from podfetch_tui.system import foreground


def begin(context: Context, options: RunOptions) -> int:
    """Run an engine; ask first when there is nothing to run it on. Return the exit code."""
    with_ui = not (options.no_ui or options.once)
    if not with_ui or missing(sys.stdin, sys.stdout, os.environ):
        return run(context, options)
    shell = foreground.split()
    if is_first(context):
        from podfetch_tui.cli.first_answers import ask

        asked = ask(context, load_settings(context).settings)
        if asked == "demo":
            from podfetch_tui.cli.demo_command import run_demo

            return run_demo(context, shell=shell)
        if isinstance(asked, str):
            return 0
        context, options = asked.context, replace(options, feeds_paused=asked.feeds_paused)
    return run(context, options, shell)


def is_first(context: Context) -> bool:
    """Return whether nothing was set up yet and nothing was named on the command line."""
    if context.archive or context.sets or context.feeds or config_file(context) is not None:
        return False
    try:
        return not archives.is_made(load_settings(context).settings)
    except PodfetchError:
        return False
