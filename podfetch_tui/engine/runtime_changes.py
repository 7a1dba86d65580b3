"""What an operator set while the engine runs: the texts, and when they end by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Union

import msgspec

from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.shown import text_of
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.engine.setting_changes import reasons
from podfetch_tui.model.errors import UsageError


class RuntimeChanges(msgspec.Struct, frozen=True):
    """All of it at one moment; immutable, so any thread may read it."""

    texts: Mapping[str, str] = {}
    """``section.key`` → text as it would stand in the INI."""
    ends: Mapping[str, float] = {}
    """``section.key`` → moment of the monotonic clock, for those that end by themselves."""

    def __contains__(self, id_: object) -> bool:
        """Whether ``section.key`` is set while running."""
        return id_ in self.texts

    def pairs(self) -> list[tuple[str, str]]:
        """Return what :class:`SettingsSource` takes."""
        return list(self.texts.items())

    def plus(self, wanted: Mapping[str, str], end: Union[float, None] = None) -> RuntimeChanges:
        """Return this with further changes, which end at ``end`` or with the process."""
        kept = {id_: moment for id_, moment in self.ends.items() if id_ not in wanted}
        more = {} if end is None else dict.fromkeys(wanted, end)
        return RuntimeChanges({**self.texts, **wanted}, {**kept, **more})

    def minus(self, ids: Collection[str]) -> RuntimeChanges:
        """Return this without some keys."""
        return RuntimeChanges(
            {id_: text for id_, text in self.texts.items() if id_ not in ids},
            {id_: moment for id_, moment in self.ends.items() if id_ not in ids},
        )

    def over(self, now: float) -> tuple[str, ...]:
        """Return the keys whose time has come."""
        return tuple(id_ for id_, moment in self.ends.items() if moment <= now)

    def left(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield (``section.key``, seconds that it still holds)."""
        for id_, moment in self.ends.items():
            yield id_, max(0.0, moment - now)


def effective(
    source: SettingsSource, loaded: Loaded, runtime: RuntimeChanges
) -> tuple[RuntimeChanges, Loaded]:
    """Return those changes that change something, and what the settings are with them.

    Raises:
        UsageError: With them the settings have problems.
    """
    fresh = source.again(loaded, runtime.pairs())
    if fresh.problems:
        raise UsageError(reasons(fresh.problems))
    below = source.again(loaded, [])
    idle = [
        id_ for id_ in runtime.texts if text_of(below.settings, id_) == text_of(fresh.settings, id_)
    ]
    if not idle or below.problems:
        return runtime, fresh
    runtime = runtime.minus(idle)
    return runtime, source.again(loaded, runtime.pairs())
