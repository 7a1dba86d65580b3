"""The ``[keys]`` section: ids of bindings and the keys they are put on."""

from __future__ import annotations

import re

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
_NAMED = re.compile(r"((ctrl|shift|alt)\+)*([a-z][a-z0-9_]*|[!-~])\Z", re.IGNORECASE)
_SAME_AS = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+h": "backspace", "ctrl+[": "escape"}
"""Terminals send the same bytes for both; the first can never be told from the second."""
_LONGEST = 200


def is_binding_id(name: str) -> bool:
    """Whether ``name`` can be the id of a binding, such as ``feeds.check``."""
    return len(name) <= _LONGEST and bool(_ID.match(name))


def parse_keys(text: str) -> str:
    """Return the keys in ``text`` comma separated without blanks: ``ctrl+r,f5``.

    Raises:
        ValueError: one sentence that says what was expected.
    """
    keys = [key.strip() for key in text[:_LONGEST].split(",")]
    if len(text) > _LONGEST or not all(_NAMED.match(key) for key in keys):
        raise ValueError("expected keys such as r, ctrl+r or f5, comma separated")
    for key in keys:
        twin = _SAME_AS.get(key.lower())
        if twin:
            raise ValueError(f"terminals cannot tell {key} from {twin}; choose another key")
    return ",".join(dict.fromkeys(keys))
