"""Why an engine ended by itself."""

from __future__ import annotations

import msgspec


class End(msgspec.Struct, frozen=True):
    """Why an engine ended by itself."""

    exit_code: int = 0
    text: str = ""
