"""Which new episodes are wanted: backlog policy and accepted media."""

from __future__ import annotations

from podfetch_tui.model.document import Enclosure
from podfetch_tui.model.episode import Draft, EpisodeState
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.model.text import clean

_AUDIO = frozenset(
    [
        ".mp3",
        ".m4a",
        ".m4b",
        ".aac",
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".wav",
        ".wma",
        ".aif",
        ".aiff",
        ".mka",
        ".spx",
    ]
)
_VIDEO = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".mpg",
        ".mpeg",
        ".ogv",
        ".wmv",
        ".3gp",
        ".3g2",
    ]
)
_NEVER = ("image/", "text/", "font/", "model/", "message/", "multipart/")
_NEVER_TYPES = frozenset(
    {"application/pdf", "application/epub+zip", "application/zip", "application/x-bittorrent"}
)


def decide(
    drafts: tuple[Draft, ...], *, backlog: Backlog, first: bool, accept: tuple[str, ...]
) -> tuple[tuple[EpisodeState, ...], tuple[str, ...]]:
    """Return a state, ``pending`` or ``skipped``, and a reason for each of ``drafts``.

    Args:
        drafts: New episodes in document order.
        backlog: How much of the back-catalogue is wanted.
        first: The feed's first successful poll: its items are back-catalogue.
        accept: ``audio`` and ``video`` as configured.
    """
    chosen = _chosen(drafts, backlog, first=first)
    states: list[EpisodeState] = []
    reasons: list[str] = []
    for index, draft in enumerate(drafts):
        reason = refusal(draft.enclosure, accept)
        if not reason and index not in chosen:
            reason = f"backlog {backlog.kind.value}"
        states.append(EpisodeState.SKIPPED if reason else EpisodeState.PENDING)
        reasons.append(reason)
    return tuple(states), tuple(reasons)


def refusal(enclosure: Enclosure, accept: tuple[str, ...]) -> str:
    """Return why an enclosure is not fetched, or an empty string.

    Declared types are often wrong or missing, so a known media extension wins, and what
    neither type nor extension tells is fetched: its bytes will say.
    """
    scheme, separator, rest = enclosure.url.partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        return f"enclosure scheme {clean(scheme, 20) or 'missing'}"
    path = rest.partition("#")[0].partition("?")[0]
    suffix = path[path.rfind(".") :].lower() if "/" in path else ""
    kind = _kind(enclosure.media_type, suffix)
    if kind == "other":
        return f"enclosure type {enclosure.media_type}"
    if kind and kind not in accept:
        return f"{kind} is not accepted"
    return ""


def _kind(media_type: str, suffix: str) -> str:
    if suffix in _AUDIO:
        return "audio"
    if suffix in _VIDEO:
        return "audio" if media_type.startswith("audio/") else "video"
    main = media_type.partition("/")[0]
    if main in ("audio", "video"):
        return main
    if media_type.startswith(_NEVER) or media_type in _NEVER_TYPES:
        return "other"
    return ""


def _chosen(drafts: tuple[Draft, ...], backlog: Backlog, *, first: bool) -> set[int]:
    everything = set(range(len(drafts)))
    if backlog.kind is BacklogKind.SINCE:
        return {
            i for i in everything if (drafts[i].item.published or backlog.since) >= backlog.since
        }
    if not first or backlog.kind is BacklogKind.ALL:
        return everything
    if backlog.kind is BacklogKind.NONE:
        return set()
    # An undated item keeps its place: feeds list the newest first.
    order = sorted(everything, key=lambda i: (-(drafts[i].item.published or 0), i))
    return set(order[: backlog.count])
