"""What a webhook or a program is told: one small JSON object, described in ``monitoring.md``."""

from __future__ import annotations

import msgspec

from podfetch_tui import __version__
from podfetch_tui.model.alerts import Alert
from podfetch_tui.system.times import rfc3339


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was raised or cleared. Keys are only ever added."""

    kind: str
    """``alert_raised`` or ``alert_cleared``."""
    alert: str
    """Key of ``[alerts]``."""
    text: str
    value: float
    limit: float
    since: str
    at: str
    archive: str
    program: str

    def body(self) -> bytes:
        """Return the JSON."""
        return msgspec.json.encode(self)

    def environment(self) -> dict[str, str]:
        """Return the same as variables: ``PODFETCH_ALERT_KIND`` and so on."""
        names = {"alert": "NAME"}
        return {
            f"PODFETCH_ALERT_{names.get(key, key.upper())}": str(value)
            for key, value in msgspec.structs.asdict(self).items()
        }


def notice_of(alert: Alert, *, cleared: bool, at: int, archive: str) -> Notice:
    """Return what is told about ``alert`` at a UTC millisecond."""
    return Notice(
        kind="alert_cleared" if cleared else "alert_raised",
        alert=alert.name,
        text=alert.text,
        value=alert.value,
        limit=alert.limit,
        since=rfc3339(alert.since),
        at=rfc3339(at),
        archive=archive,
        program=f"podfetch {__version__}",
    )
