"""How long a probe may take: by what it reads, so that a film is not killed like a hang."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.sandboxed import ProbeMode

_READ_RATE = 8 << 20
"""Bytes a second that a slow network disk gives."""
_PARSE_RATE = 16 << 20
"""Bytes a second of packets on a slow and busy processor; about 200 MB on an idle one."""
_DECODE_RATE = 1 << 20
"""Bytes a second decoded there; about 25 MB of MP3 on an idle one."""


_COPY_RATE = 4 << 20
"""Bytes a second that are put into another container there."""
_ENCODE_PACE = 4
"""Seconds of sound encoded in one there; about 60 on an idle one."""
_LEAST_RATE = 4000
"""Bytes a second of the sparsest speech: what a file of unknown length plays at most."""


class Budget(msgspec.Struct, frozen=True):
    """What one probe may use."""

    wall_s: float
    cpu_s: float


def probe_budget(size: int, mode: ProbeMode) -> Budget:
    """Return the limits for probing ``size`` bytes; a header may have to be measured too."""
    cpu_s = 10 + size / (_DECODE_RATE if mode == "decode" else _PARSE_RATE)
    return Budget(wall_s=10 + size / _READ_RATE + cpu_s * 2, cpu_s=cpu_s)


def transform_budget(size: int, duration_s: float | None, *, encode: bool) -> Budget:
    """Return the limits for making a further file of an original.

    Args:
        size: Its bytes.
        duration_s: What it plays; ``None`` when nobody knows.
        encode: Its sound is encoded anew, not copied.
    """
    cpu_s = 30 + size / _COPY_RATE
    if encode:
        cpu_s += (duration_s or size / _LEAST_RATE) / _ENCODE_PACE
    return Budget(wall_s=30 + size / _READ_RATE + cpu_s * 3, cpu_s=cpu_s)
