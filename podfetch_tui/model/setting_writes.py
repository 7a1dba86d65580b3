"""Writing down which settings changed."""

from __future__ import annotations

import msgspec


class SettingChange(msgspec.Struct, frozen=True, kw_only=True):
    """One key that means something else now; texts as in the INI, secrets as ``***``."""

    key: str
    old: str
    new: str

    @property
    def text(self) -> str:
        """``engine.per_host 2 → 4``."""
        return f"{self.key} {self.old or 'none'} → {self.new or 'none'}"


class RecordSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Keep each key that changed, for the audit."""

    changes: tuple[SettingChange, ...]
    source: str
    """``file``, ``operator``, or ``time``: what was set for a time is over."""
    at: int
