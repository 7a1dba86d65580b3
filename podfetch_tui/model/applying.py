"""When a changed setting takes effect, and settings put together accordingly."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.setting import Applies, Form, Key
from podfetch_tui.model.settings import BINDINGS_SECTION, Settings, keys, keys_by_id, value_of

_LIMITS = frozenset((Form.DURATION, Form.SIZE, Form.RATE, Form.PERCENT, Form.INTEGER, Form.FLAG))


def is_limit(key: Key) -> bool:
    """Whether ``key`` is a number, or a yes or no, that needs no restart."""
    return key.form in _LIMITS and key.applies is not Applies.RESTART


def applies_of(id_: str) -> Applies:
    """Return when a change of ``section.key`` takes effect; key bindings need a restart."""
    key = keys_by_id().get(id_)
    return key.applies if key is not None else Applies.RESTART


def with_keys_of(settings: Settings, other: Settings, applies: Applies) -> Settings:
    """Return ``settings`` with every key that applies like that as ``other`` has it."""
    if settings is other:
        return settings
    by_section: dict[str, dict[str, object]] = {}
    for key in keys():
        if key.applies is applies:
            by_section.setdefault(key.section, {})[key.name] = value_of(other, key)
    if applies is Applies.RESTART:
        by_section[BINDINGS_SECTION] = {"bindings": other.keys.bindings}
    sections = {
        name: msgspec.structs.replace(getattr(settings, name), **values)
        for name, values in by_section.items()
    }
    return msgspec.structs.replace(settings, **sections)
