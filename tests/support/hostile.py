"""An engine whose every text comes from a stranger, and what no terminal may get."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import msgspec
from support.fake_client import (
    FakeClient,
    Row,
    busy_snapshot,
    download,
    episode_rows,
    event,
    feed_row,
    history_rows,
    setting_rows,
)

from podfetch_tui.model.alerts import Alert
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest, SettingsView

TEXT_FIELDS = frozenset(
    {
        "actor",
        "archive",
        "auth",
        "code",
        "detail",
        "do",
        "enclosure_url",
        "episode_title",
        "error",
        "feed_title",
        "feed_url",
        "file",
        "folder",
        "guid",
        "host",
        "in_file",
        "last_error",
        "list",
        "origin",
        "path",
        "problems",
        "reason",
        "source",
        "state_reason",
        "tags",
        "text",
        "title",
        "url",
        "user_agent",
        "why",
    }
)
"""Whatever has one of these names may be a stranger's."""


class Poison:
    """Puts strangers' texts, one after the other, wherever a text can be."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = cycle(texts)

    def of(self, value: Any) -> Any:
        """Return ``value`` with all texts in it exchanged."""
        if isinstance(value, dict):
            return {key: self._field(key, part) for key, part in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.of(part) for part in value)
        return value

    def _field(self, key: str, value: Any) -> Any:
        if key not in TEXT_FIELDS:
            return self.of(value)
        if isinstance(value, str):
            return next(self._texts)
        if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
            return type(value)(next(self._texts) for _ in value)
        return self.of(value)


class HostileClient(FakeClient):
    """Answers every question with strangers' texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.poison = Poison(texts)
        rows: list[Row] = [
            feed_row(n, title=text, url=f"http://h/{text}", last_error=text, state_reason=text)
            for n, text in enumerate(texts, 1)
        ]
        super().__init__(_snapshot(texts, self.poison), rows)
        self.episodes = self.poison.of(episode_rows(12, feed_id=1))
        self.history = self.poison.of(history_rows())
        self.settings = self.poison.of(setting_rows())
        self.raw = list(texts)

    def query(self, page: PageRequest) -> Page:
        """Answer, whatever is asked, in the words of strangers."""
        found = super().query(page)
        if page.kind in ("entry", "feed", "evidence"):
            return Page(tuple(self.poison.of(row) for row in found.rows), found.next_after)
        return found


def _snapshot(texts: Sequence[str], poison: Poison) -> EngineSnapshot:
    busy = busy_snapshot()
    now = msgspec.structs.replace(
        busy,
        workers=tuple(download(n, title=text, host=text) for n, text in enumerate(texts)),
        recent=tuple(
            event(n, "feed_failed", text, feed_id=n, family="transient", code=text)
            for n, text in enumerate(texts)
        ),
        state="degraded",
        reason=texts[0],
        archive=texts[-1],
        feeds={"total": len(texts), "active": len(texts), "quarantined": 2},
        alerts=(Alert(name="free_space", since=busy.at, text="x", value=0.0, limit=1.0),),
        settings=SettingsView(
            file="x", generation=1, loaded_at=busy.at, rejected_at=busy.at, problems=("x", "y")
        ),
    )
    poisoned = poison.of(msgspec.to_builtins(now))
    for alert in poisoned["alerts"]:
        alert["name"] = "free_space"
    return msgspec.convert(poisoned, EngineSnapshot)
