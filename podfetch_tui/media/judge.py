"""Whether a file can be trusted to be whole media: the rules, in order.

1. Bytes of no container we know are *suspect*. (What is certainly not media is refused before.)
2. What the prober found wrong makes a file *suspect*.
3. A file that the prober could not finish with (killed, or not asked) is *unverified*.
4. A length of zero is *suspect*; none at all, in a container that need not state one, is
   *unverified*.
5. A file that plays less than half, and a minute less, of what the feed declares is *suspect*.
   Declared lengths are often wrong (another cut, advertisements put in or left out for each
   listener), so that a smaller difference says nothing, and a longer file never does. A feed
   that writes minutes as hours, or milliseconds as seconds, declares the same in another unit.
6. A body whose length nobody declared is *unverified*: nothing says that it is whole.
7. Anything else is *valid*.
"""

from __future__ import annotations

from typing import NamedTuple

from podfetch_tui.media.conclude import clock
from podfetch_tui.media.containers import media
from podfetch_tui.model.media import NO_LENGTH, MediaInfo, Sniffed, Validity

_DECLARED_PART = 0.5
_DECLARED_S = 60.0
_OTHER_UNITS = (60.0, 1000.0)
_SAME_PART = 0.05
_SOUND_ONLY = {
    ".mp4": (".m4a", "audio/mp4"),
    ".m4v": (".m4a", "audio/mp4"),
    ".mkv": (".mka", "audio/x-matroska"),
    ".webm": (".webm", "audio/webm"),
    ".ogv": (".oga", "audio/ogg"),
    ".wmv": (".wma", "audio/x-ms-asf"),
    ".3gp": (".3gp", "audio/3gpp"),
    ".3g2": (".3g2", "audio/3gpp2"),
}
_WITH_PICTURES = {
    ".m4a": (".mp4", "video/mp4"),
    ".ogg": (".ogv", "video/ogg"),
    ".oga": (".ogv", "video/ogg"),
    ".wma": (".wmv", "video/x-ms-asf"),
}


class Judgement(NamedTuple):
    """What we say of a file, and why."""

    validity: Validity
    problem: str
    """Why it is not valid; empty when it is."""


_ENDLESS = Judgement(Validity.UNVERIFIED, "does not say how long it plays")


def judge(
    sniffed: Sniffed,
    info: MediaInfo | None,
    *,
    size: int,
    declared_s: float | None = None,
    length_known: bool = True,
    checked: bool = True,
) -> Judgement:
    """Judge a file that was not refused.

    Args:
        sniffed: What its first bytes say.
        info: What the prober says; ``None`` when there was no probe, or it did not finish.
        size: Bytes of the file.
        declared_s: Seconds the feed declares, if it does.
        length_known: Whether the server declared how many bytes there would be.
        checked: Whether the file was to be examined at all (``[media] validate``).
    """
    if not sniffed.is_media or size <= 0:
        return Judgement(Validity.SUSPECT, "is of no kind of media that we know")
    if info is not None and info.problem:
        return Judgement(Validity.SUSPECT, info.problem)
    if info is None or not checked:
        return Judgement(Validity.UNVERIFIED, "was not examined")
    length = info.duration_s
    if length is not None and length <= 0:
        return Judgement(Validity.SUSPECT, "plays no time at all")
    if length is not None and declared_s is not None and _is_half(length, declared_s):
        text = f"plays {clock(length)} where the feed declares {clock(declared_s)}"
        return Judgement(Validity.SUSPECT, text)
    if not length_known:
        return Judgement(Validity.UNVERIFIED, NO_LENGTH)
    if length is None:
        return _ENDLESS
    return Judgement(Validity.VALID, "")


def judge_length(size: int, declared: int | None, duration_s: float | None) -> Judgement | None:
    """Judge a file of unknown length again, by what its host says later.

    Args:
        size: Bytes we have.
        declared: Bytes the host declares now; ``None`` when it does not say.
        duration_s: Seconds it plays, as far as the probe knows.

    Returns:
        ``None`` when nothing is known that was not known before: fewer bytes than we have are
        another file (advertisements), and say nothing of this one.
    """
    if declared is None or declared < size:
        return None
    if declared > size:
        text = f"has {size:,} of the {declared:,} bytes that its host declares"
        return Judgement(Validity.SUSPECT, text)
    return Judgement(Validity.VALID, "") if duration_s is not None else _ENDLESS


def named_by_content(sniffed: Sniffed, info: MediaInfo) -> Sniffed:
    """Correct extension and type by whether there are moving pictures, which a sniff may miss."""
    if info.problem and not info.codec:
        return sniffed
    change = (_WITH_PICTURES if info.video else _SOUND_ONLY).get(sniffed.extension)
    return media(sniffed.container, *change) if change else sniffed


def _is_half(length_s: float, declared_s: float) -> bool:
    if any(abs(declared_s / unit - length_s) <= length_s * _SAME_PART for unit in _OTHER_UNITS):
        return False
    return length_s < declared_s * _DECLARED_PART and declared_s - length_s > _DECLARED_S
