"""``podfetch`` itself: host an engine, with the terminal application or without."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import msgspec

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import doorway, lists
from podfetch_tui.cli.context import Context, program, source_of
from podfetch_tui.cli.forced_end import end_for_certain
from podfetch_tui.cli.output import say
from podfetch_tui.cli.screen import run_with_screen
from podfetch_tui.cli.terminal import missing
from podfetch_tui.config.loaded import Loaded, refuse
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.engine.feed_lists import ListFile, take_lists
from podfetch_tui.model.errors import BadConfiguration, Failure
from podfetch_tui.model.first_run import MANY_FEEDS
from podfetch_tui.model.settings import Settings
from podfetch_tui.sandbox import programs
from podfetch_tui.system import logs, signals
from podfetch_tui.system.foreground import Foreground
from podfetch_tui.system.locks import log_stacks

if TYPE_CHECKING:
    from podfetch_tui.engine.engine import Engine
    from podfetch_tui.headless.narration import Narration

logger = logging.getLogger(__name__)


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the bare command."""

    no_ui: bool = False
    once: bool = False
    for_s: float | None = None
    paused: bool = False
    feeds_paused: bool | None = None
    """New feeds wait for the operator; ``None``: only if they are many."""
    log_format: str = "text"
    verbose: int = 0


def run(context: Context, options: RunOptions, shell: Foreground | None = None) -> int:
    """Run an engine until it is done or stopped; return the exit code.

    Args:
        context: Which archive, and by which settings.
        options: How it is run.
        shell: Given back when the engine is to go on without its screen.
    """
    source = source_of(context)
    loaded = source.read()
    refuse(loaded.problems)
    settings = loaded.settings
    _check_prober(settings)
    wanted = lists.read(context.feeds, settings)
    files = None
    if not archives.is_made(settings):  # a list that cannot be read leaves no archive behind
        files = lists.read_configured(settings, None)
    with_ui = not (options.no_ui or options.once)
    lacking = missing(sys.stdin, sys.stdout, os.environ) if with_ui else ""
    if lacking:
        say(f"podfetch: no terminal here ({lacking}), running headless (as with --no-ui)")
        with_ui = False
    if with_ui:
        archives.check(settings)  # what is wrong with it is said before there is a screen
        return run_with_screen(
            lambda: _opened(source, loaded, wanted, files, options, with_ui=True),
            settings,
            archives.root_of(settings),
            lambda engine, log: _headless(contextlib.nullcontext(engine), settings, options, log),
            program(context),
            shell,
        )
    opened = _opened(source, loaded, wanted, files, options, with_ui=False)
    return _headless(opened, settings, options)


def _check_prober(settings: Settings) -> None:
    """Refuse to start where no file could be examined as the settings ask for.

    Raises:
        BadConfiguration: The prober is a program that is not installed.
    """
    try:
        programs.require_prober(settings.media)
    except Failure as failure:
        raise BadConfiguration(failure.detail) from failure


@contextlib.contextmanager
def _opened(
    source: SettingsSource,
    loaded: Loaded,
    wanted: Sequence[lists.NamedList],
    files: Sequence[ListFile] | None,
    options: RunOptions,
    *,
    with_ui: bool,
) -> Iterator[Engine]:
    """Open the archive, take the lists in and start an engine."""
    from podfetch_tui.cli import compose  # half of the program; a screen is there before it

    settings = loaded.settings
    with archives.changing(settings) as archive:
        if files is None:
            files = lists.read_configured(settings, archive.catalog)
        paused = options.feeds_paused
        if paused is None:
            paused = with_ui and lists.count_new(archive.catalog, wanted, files) > MANY_FEEDS
        outcomes = take_lists(files, archive.writer, archive.clock, paused=paused)
        summary = lists.take_in(archive, wanted, paused=paused)
        if not with_ui:
            lists.report_outcomes(outcomes)
            if wanted:
                lists.report(summary)
        with compose.engine_on(
            archive,
            settings,
            loaded.credentials,
            source=source,
            loaded=loaded,
            once=options.once,
            paused=options.paused,
            with_ui=with_ui,
        ) as engine:
            engine.lists.begin(outcomes, tell=with_ui)
            if with_ui and wanted:
                engine.events.emit("feeds_imported", lists.in_words(summary))
            with doorway.served(engine, archive, settings):
                yield engine


def _headless(
    opened: AbstractContextManager[Engine],
    settings: Settings,
    options: RunOptions,
    log_file: Path | None = None,
) -> int:
    """Show an engine in lines; the log is there before it starts and after it ended.

    Its file is ``logging.file``, else the one that the screen before it had.
    """
    from podfetch_tui.headless.narration import Narration

    narration = Narration(sys.stderr)
    as_json, wanted = options.log_format == "json", settings.logging
    log = logs.setup(
        level=wanted.level,
        json=as_json or wanted.format == "json",
        stream=cast(TextIO, narration),  # a handler needs write and flush only
        file=Path(wanted.file).expanduser() if wanted.file else log_file,
        file_json=None if wanted.format == "auto" else wanted.format == "json",
        max_size=wanted.max_size,
        keep=wanted.keep,
    )
    with contextlib.closing(log), opened as engine:
        return _shown(engine, options, narration, log)


def _shown(engine: Engine, options: RunOptions, narration: Narration, log: logs.LogHandle) -> int:
    from podfetch_tui.api.local import LocalClient
    from podfetch_tui.headless.show import show

    forced: list[int] = []
    timer = _stop_after(engine, options.for_s)

    def on_now(number: int) -> None:
        forced.append(number)
        engine.stop_now()
        end_for_certain(number)

    watch = signals.install(
        on_drain=lambda _: engine.ask_to_stop(),
        on_now=on_now,
        on_reload=engine.reconfigure.ask,
        on_dump=log_stacks,
        crashes=log.stacks,
    )
    try:
        show(
            LocalClient(engine),
            engine.finished,
            stream=cast(TextIO, narration),  # a handler needs write and flush only
            as_json=options.log_format == "json",
            quiet=options.verbose < 0,
            stop=lambda: engine.stop(timeout=engine.settings.engine.drain_timeout),
        )
    finally:
        watch.close()
        if timer is not None:
            timer.cancel()
    return exit_code(engine, once=options.once, forced=forced)


def exit_code(engine: Engine, *, once: bool, forced: list[int]) -> int:
    """Return the exit code of a run (DESIGN section 16)."""
    if forced:
        return 128 + forced[0]
    if engine.end.exit_code:
        say(f"podfetch: {engine.end.text}")
        return engine.end.exit_code
    totals, _ = engine.telemetry.totals()
    bad = totals.get("polls_failed", 0) + totals.get("failed", 0) + totals.get("partial", 0)
    return 1 if once and bad else 0


def _stop_after(engine: Engine, seconds: float | None) -> threading.Timer | None:
    if seconds is None:
        return None
    timer = threading.Timer(seconds, engine.ask_to_stop)
    timer.daemon = True
    timer.start()
    return timer
