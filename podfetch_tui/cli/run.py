"""``podfetch`` itself: host an engine, with the terminal application or without."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TextIO, cast

import msgspec

from podfetch_tui.api.local import LocalClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose, lists
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.output import say
from podfetch_tui.engine.engine import Engine
from podfetch_tui.model.settings import Settings
from podfetch_tui.system import logs, signals

MANY_FEEDS = 500
"""More new feeds than this start paused in the terminal application."""


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the bare command."""

    no_ui: bool = False
    once: bool = False
    for_s: float | None = None
    paused: bool = False
    log_format: str = "text"
    verbose: int = 0


def run(context: Context, options: RunOptions) -> int:
    """Run an engine until it is done or stopped; return the exit code."""
    settings = load_settings(context).settings
    wanted = lists.read([*settings.feeds.lists, *context.feeds], settings)
    with_ui = not (options.no_ui or options.once)
    if with_ui and not (sys.stdin.isatty() and sys.stdout.isatty()):
        say("podfetch: no terminal here, running headless (as with --no-ui)")
        with_ui = False
    with archives.changing(settings) as archive:
        new = sum(len(entry.feeds.entries) for entry in wanted)
        summary = lists.take_in(archive, wanted, paused=with_ui and new > MANY_FEEDS)
        if wanted:
            lists.report(summary)
        with compose.engine_on(
            archive, settings, once=options.once, paused=options.paused
        ) as engine:
            if with_ui:
                return _with_ui(engine, settings)
            return _headless(engine, settings, options)


def _headless(engine: Engine, settings: Settings, options: RunOptions) -> int:
    from podfetch_tui.headless.narration import Narration
    from podfetch_tui.headless.show import show

    forced: list[int] = []
    as_json = options.log_format == "json"
    narration = Narration(sys.stderr)
    log = logs.setup(
        level="debug" if options.verbose > 0 else settings.logging.level,
        json=as_json or settings.logging.format == "json",
        stream=cast(TextIO, narration),  # a handler needs write and flush only
        file=Path(settings.logging.file).expanduser() if settings.logging.file else None,
        max_size=settings.logging.max_size,
        keep=settings.logging.keep,
    )
    timer = _stop_after(engine, options.for_s)

    def on_now(number: int) -> None:
        forced.append(number)
        engine.stop_now()

    watch = signals.install(
        on_drain=lambda _: engine.ask_to_stop(), on_now=on_now, stacks=log.stacks
    )
    try:
        show(
            LocalClient(engine),
            engine.finished,
            stream=cast(TextIO, narration),  # a handler needs write and flush only
            as_json=as_json,
            quiet=options.verbose < 0,
            stop=lambda: engine.stop(timeout=settings.engine.drain_timeout),
        )
    finally:
        watch.close()
        if timer is not None:
            timer.cancel()
        log.close()
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


def _with_ui(engine: Engine, settings: Settings) -> int:
    from podfetch_tui.ui.app import run_app

    how = run_app(LocalClient(engine), settings.ui)
    drains = how == "drain" or (how == "hangup" and settings.ui.on_hangup == "drain")
    with signals.install(on_drain=lambda _: engine.stop_now(), on_now=lambda _: engine.stop_now()):
        engine.stop(timeout=settings.engine.drain_timeout if drains else 0.0)
    if engine.end.exit_code:
        say(f"podfetch: {engine.end.text}")
    return engine.end.exit_code


def _stop_after(engine: Engine, seconds: float | None) -> threading.Timer | None:
    if seconds is None:
        return None
    timer = threading.Timer(seconds, engine.ask_to_stop)
    timer.daemon = True
    timer.start()
    return timer
