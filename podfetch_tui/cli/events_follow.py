"""``events --follow``: what happens, as it does; from the engine, or from the catalogue.

Lines come from the engine's doorway while one answers, else from the rows of the catalogue.
When an engine goes or comes back, both sources overlap for a moment: what was printed from one
is not printed again from the other.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

import click
import msgspec

from podfetch_tui.api.remote import RemoteClient
from podfetch_tui.catalog import pages
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.output import say
from podfetch_tui.headless.lines import text_line
from podfetch_tui.model.errors import Failure, NoEngine
from podfetch_tui.model.events import Event
from podfetch_tui.model.moments import parse_since
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.marker import open_archive
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.decoding import convert
from podfetch_tui.system.instance import Holder, holder
from podfetch_tui.system.paths import user_state_dir
from podfetch_tui.system.times import rfc3339

LOOK_S = 1.0
WATCH_S = 5.0
OVERLAP_MS = 5_000
"""A row may be seen so much later than its time says."""
_NEVER_LIVE = frozenset({"not_modified", "unchanged"})
"""Polls that brought nothing are rows, but no events."""

_Row = Mapping[str, object]
_Mark = tuple[str, object, object, str]


class _Printed:
    """What was printed lately from one source, to know it again from the other."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, _Mark]] = deque()

    def add(self, event: Event) -> None:
        self._marks.append((event.at, _mark(event)))
        while self._marks[0][0] < event.at - 2 * OVERLAP_MS:
            self._marks.popleft()

    def take(self, event: Event) -> bool:
        """Forget one like ``event``; return whether there was one."""
        for place, (_, mark) in enumerate(self._marks):
            if mark == _mark(event):
                del self._marks[place]
                return True
        return False

    def clear(self) -> None:
        self._marks.clear()

    def __bool__(self) -> bool:
        return bool(self._marks)


class Follower:
    """Prints what happens, from whoever knows it."""

    def __init__(
        self,
        settings: Settings,
        *,
        as_json: bool,
        stream: TextIO | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Print nothing yet.

        Args:
            settings: Say which archive.
            as_json: One JSON object a line.
            stream: Standard output.
            stop: Ends the following.
        """
        self._settings = settings
        self._as_json = as_json
        self._stream = stream or sys.stdout
        self._stop = stop or threading.Event()
        self._clock = Clock()
        self._last_at = self._clock.now_ms()
        self._ids: set[object] = set()
        """Of rows that are not to be printed, within the overlap."""
        self._of_the_last: set[object] = set()
        """Those of them that came from an engine which is gone."""
        self._from_rows = _Printed()
        self._from_engine = _Printed()
        self._without_engine = False
        self._engine: tuple[Holder, int] | None = None
        """The engine that was followed last, and its last event that was seen."""

    def run(self, *, since: int | None, limit: int | None) -> None:
        """Print what was, then what comes, until interrupted or stopped.

        Args:
            since: UTC milliseconds to begin with; ``None`` for the beginning.
            limit: The newest so many of those events.

        Raises:
            ArchiveUnusable: There is no archive, or it cannot be read any more.
        """
        with contextlib.suppress(KeyboardInterrupt):
            self._begin(since, limit)
            while not self._stop.is_set():
                found = self._connect()
                if found is None:
                    if not self._without_engine:
                        say("no engine answers; the catalogue is followed")
                        self._without_engine = True
                    self._look_at_rows()
                    self._clock.wait(self._stop, LOOK_S)
                    continue
                who, client = found
                with contextlib.closing(client):
                    self._follow(who, client)

    # --- the engine ------------------------------------------------------------------------

    def _connect(self) -> tuple[Holder, RemoteClient] | None:
        state, root = user_state_dir(), archives.root_of(self._settings)
        who = holder(open_archive(root, create=False, state_dir=state, read_only=True).lock)
        if who is None or not who.socket:
            return None
        try:
            return who, RemoteClient(Path(who.socket), read_only=True)
        except NoEngine:
            return None

    def _follow(self, who: Holder, client: RemoteClient) -> None:
        """Print events until the engine goes away."""
        after, is_new = 0, True
        if self._engine is not None and self._engine[0] == who:  # only the connection was lost
            after, is_new = self._engine[1], False
        else:
            self._look_at_rows(begun=who.started_at)
        while not self._stop.is_set():
            try:
                batch = client.watch(after, 0.0 if is_new else WATCH_S)
            except (NoEngine, Failure):
                self._without_engine = True
                self._of_the_last |= self._ids
                self._note("engine_gone", "the engine went away; the catalogue is followed")
                return
            if self._without_engine:
                self._without_engine = False
                self._note("engine_back", "an engine answers; it is followed")
            is_lost = batch.lost and not is_new
            if is_lost:
                self._note("events_lost", "events went by too fast; the catalogue has them")
                self._look_at_rows()
            self._take(batch.events, overlap=is_new or is_lost)
            after, is_new = batch.last_seq, False
            self._engine = (who, after)

    def _take(self, events: Iterable[Event], *, overlap: bool) -> None:
        earliest = self._last_at - OVERLAP_MS
        for event in events:
            if overlap and (event.at < earliest or self._from_rows.take(event)):
                continue
            self._from_engine.add(event)
            self._print(event, None)

    # --- the catalogue ---------------------------------------------------------------------

    def _begin(self, since: int | None, limit: int | None) -> None:
        with archives.reading(self._settings) as (_, catalog):
            rows = list(pages.events(catalog, since=since or 0, limit=limit))
            latest = list(pages.events(catalog, since=self._last_at - OVERLAP_MS))
        for row in rows:
            self._print(_event_of(row), row["id"])
        for row in latest:
            self._ids.add(row["id"])
            self._from_rows.add(_event_of(row))

    def _look_at_rows(self, *, begun: int = 0) -> None:
        """Print the rows that were not printed, from either source.

        Args:
            begun: UTC milliseconds; older rows are not of the engine that is followed next.
        """
        with archives.reading(self._settings) as (_, catalog):
            rows = list(pages.events(catalog, since=self._last_at - OVERLAP_MS))
        was_live = bool(self._from_engine)
        self._from_rows.clear()
        for row in rows:
            event, number = _event_of(row), row["id"]
            if number not in self._ids and self._from_engine.take(event):
                self._of_the_last.add(number)
            elif number not in self._ids and not (was_live and event.code in _NEVER_LIVE):
                self._print(event, number)
            if number not in self._of_the_last and event.at >= begun // 1000 * 1000:
                self._from_rows.add(event)
        self._ids = {row["id"] for row in rows}
        self._of_the_last &= self._ids
        # What is left in ``_from_engine`` may become a row yet.

    # --- printing --------------------------------------------------------------------------

    def _note(self, kind: str, text: str) -> None:
        self._print(Event(seq=0, at=self._clock.now_ms(), kind=kind, text=text), None)

    def _print(self, event: Event, number: object) -> None:
        self._last_at = max(self._last_at, event.at)
        if not self._as_json:
            click.echo(text_line(event), file=self._stream)
            return
        row = {
            "id": number,
            "at": rfc3339(event.at),
            "kind": event.kind,
            "feed_id": event.feed_id,
            "episode_id": event.episode_id,
            "family": event.family,
            "code": event.code,
            "text": event.text,
            "feed_title": event.feed_title or None,
            "episode_title": event.episode_title or None,
        }
        click.echo(msgspec.json.encode(row).decode(), file=self._stream)


def _mark(event: Event) -> _Mark:
    return (event.kind, event.feed_id, event.episode_id, event.code)


def _event_of(row: _Row) -> Event:
    words = {name: row[name] or "" for name in ("code", "text", "feed_title", "episode_title")}
    at = parse_since(str(row["at"]), 0)
    return convert({**row, **words, "seq": 0, "at": at}, Event)
