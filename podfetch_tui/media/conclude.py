"""From what a prober saw to what we say of a file: the same rules whichever prober it was.

A file is cut short when it holds less than it says of itself. MP3, the commonest container, says
nothing at its end, so that FFmpeg reads a cut one without complaint; its Xing count tells.
"""

from __future__ import annotations

import msgspec

from podfetch_tui.media.shape import Shape
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ProbeMode

_SHORT_S = 5.0
_SHORT_PART = 0.02
_FAILED_PACKETS = 4
_FAILED_PART = 0.01


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One stream of sound or moving pictures."""

    codec: str
    duration_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a prober saw in a file it could open."""

    audio: Track | None
    video: Track | None
    duration_s: float | None
    """Length as the container gives it, or as FFmpeg guesses."""
    bit_rate: int | None
    measured_s: float | None = None
    """From the first packet to the end of the last, when all were read."""
    packets: int | None = None
    """Packets of sound and pictures, when all were read."""
    frames: int | None = None
    """Frames that came of them, when all were decoded."""


def wanted_mode(mode: ProbeMode, shape: Shape) -> ProbeMode:
    """How far to go: where the headers cannot be trusted, the file is read to its end anyway."""
    return "full" if mode == "header" and (shape.must_measure or shape.problem) else mode


def unreadable(container: str, reason: str, shape: Shape) -> MediaInfo:
    """Conclude on a file that the prober cannot open."""
    return MediaInfo(container=container, problem=shape.problem or f"cannot be read: {reason}")


def conclude(container: str, size: int, facts: Facts, shape: Shape) -> MediaInfo:
    """Conclude on a file that the prober could open.

    Args:
        container: As sniffed.
        size: Bytes of the file.
        facts: What the prober saw.
        shape: What the file says of its own size.
    """
    main = facts.audio or facts.video
    tracks = [track for track in (facts.audio, facts.video) if track is not None]
    longest = max((track.duration_s or 0.0 for track in tracks), default=0.0)
    headers = longest if longest > 0 else facts.duration_s
    stated = shape.duration_s or headers
    found = _length(stated, facts.measured_s)
    return MediaInfo(
        container=container,
        codec=main.codec if main else "",
        duration_s=found if found and found > 0 else None,
        bit_rate=_bit_rate(size, found) if found != headers else facts.bit_rate,
        sample_rate=facts.audio.sample_rate if facts.audio else None,
        channels=facts.audio.channels if facts.audio else None,
        video=facts.video is not None,
        problem=_problem(main, facts, shape, stated),
    )


def _problem(main: Track | None, facts: Facts, shape: Shape, stated: float | None) -> str:
    if shape.problem:
        return shape.problem
    if main is None:
        return "holds neither sound nor moving pictures"
    if not main.codec:
        return "its codec is not known"
    if facts.packets == 0:
        return "holds no sound or pictures behind its headers"
    if stated and facts.measured_s is not None and is_short(facts.measured_s, stated):
        return f"cut short: plays {clock(facts.measured_s)} of {clock(stated)}"
    if facts.frames is not None and facts.packets:
        failed = facts.packets - facts.frames
        if failed > max(_FAILED_PACKETS, facts.packets * _FAILED_PART):
            return f"damaged: {failed} of {facts.packets} packets cannot be decoded"
        if not facts.frames:
            return "damaged: nothing can be decoded"
    return ""


def is_short(found_s: float, stated_s: float) -> bool:
    """Whether one length is so much less than the other that rounding cannot be why."""
    missing = stated_s - found_s
    return missing > _SHORT_S and missing > stated_s * _SHORT_PART


def clock(seconds: float) -> str:
    """Return seconds as ``1:02:03`` or ``2:03``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _length(stated: float | None, measured: float | None) -> float | None:
    """The stated length where the packets bear it out: it knows what an encoder padded."""
    if not stated or stated < 0 or not measured:
        return stated or measured
    return measured if is_short(measured, stated) or is_short(stated, measured) else stated


def _bit_rate(size: int, duration_s: float | None) -> int | None:
    return round(size * 8 / duration_s) if duration_s and duration_s > 0 else None
