"""Settings as people see them: each key with its value, its source and when it applies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from podfetch_tui.config.loaded import Loaded, Source
from podfetch_tui.config.values import format_value
from podfetch_tui.model.applying import applies_of
from podfetch_tui.model.figures import rfc3339
from podfetch_tui.model.setting import Key
from podfetch_tui.model.setting_writes import SettingChange
from podfetch_tui.model.settings import (
    BINDINGS_SECTION,
    Settings,
    changed_keys,
    keys,
    keys_by_id,
    value_of,
)

SECRET = "***"


class ShownSetting(msgspec.Struct, frozen=True, kw_only=True):
    """One key as ``config show``, ``config diff`` and the page ``settings`` have it."""

    key: str
    value: object
    """Typed: seconds, bytes, percent, list … ; ``text`` is how it is written."""
    text: str
    default: str
    source: str
    origin: str
    applies: str
    in_file: str | None = None
    """What stands in the INI; ``None`` when the key does not."""
    pending: bool = False
    """A running engine takes it over at its next start only."""
    ends_at: str | None = None
    """RFC 3339; when a value that was set for a time gives way."""


def shown(
    loaded: Loaded, pending: Collection[str] = (), ends: Mapping[str, int] | None = None
) -> Iterator[ShownSetting]:
    """Yield every key, then every key binding that is set.

    Args:
        loaded: The settings, without problems.
        pending: ``section.key`` of what waits for a restart.
        ends: ``section.key`` → UTC milliseconds, of what holds for a time only.
    """
    ends = ends or {}
    for key in keys():
        end = ends.get(key.id)
        yield _shown_key(loaded, key, pending, None if end is None else rfc3339(end))
    for name, bound in loaded.settings.keys.bindings:
        id_ = f"{BINDINGS_SECTION}.{name}"
        source = loaded.sources.get(id_, Source())
        yield ShownSetting(
            key=id_,
            value=bound,
            text=bound,
            default="",
            source=source.text,
            origin=str(source.origin.value),
            applies=str(applies_of(id_).value),
            in_file=loaded.in_file.get(id_),
            pending=id_ in pending,
        )


def _shown_key(
    loaded: Loaded, key: Key, pending: Collection[str], ends_at: str | None
) -> ShownSetting:
    value = value_of(loaded.settings, key)
    hidden = key.secret and bool(value)
    source = loaded.sources.get(key.id, Source())
    in_file = loaded.in_file.get(key.id)
    return ShownSetting(
        key=key.id,
        value=SECRET if hidden else value,
        text=SECRET if hidden else format_value(key, value),
        default=format_value(key, key.default),
        source=source.text,
        origin=str(source.origin.value),
        applies=str(key.applies.value),
        in_file=SECRET if key.secret and in_file else in_file,
        pending=key.id in pending,
        ends_at=ends_at,
    )


def text_of(settings: Settings, id_: str) -> str:
    """Return the value of ``section.key`` as it stands in the INI, a secret as ``***``."""
    key = keys_by_id().get(id_)
    if key is None:
        return dict(settings.keys.bindings).get(id_.partition(".")[2], "")
    value = value_of(settings, key)
    return SECRET if key.secret and value else format_value(key, value)


def differences(before: Settings, after: Settings) -> tuple[SettingChange, ...]:
    """Return what differs, key by key."""
    return tuple(
        SettingChange(key=id_, old=text_of(before, id_), new=text_of(after, id_))
        for id_ in changed_keys(before, after)
    )
