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
_PLAYLISTS = frozenset([".m3u8", ".m3u", ".pls", ".asx", ".mpd", ".smil"])
_PLAYLIST_TYPES = frozenset(
    [
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "application/dash+xml",
        "audio/mpegurl",
        "audio/x-mpegurl",
        "audio/x-scpls",
    ]
)
"""Lists of what to stream: no file of the episode."""


def decide(
    drafts: tuple[Draft, ...],
    *,
    backlog: Backlog,
    first: bool,
    accept: tuple[str, ...],
    late: tuple[bool, ...] = (),
    known: int = 0,
) -> tuple[tuple[EpisodeState, ...], tuple[str, ...]]:
    """Return a state, ``pending`` or ``skipped``, and a reason for each of ``drafts``.

    Args:
        drafts: New episodes in document order.
        backlog: How much of the back-catalogue is wanted.
        first: The feed's first successful poll: its items are back-catalogue.
        accept: ``audio`` and ``video`` as configured.
        late: For each of ``drafts``: it is back-catalogue all the same, read by a later poll.
        known: Episodes that were known before.
    """
    old = {i for i in range(len(drafts)) if first or (late and late[i])}
    chosen = _chosen(drafts, backlog, old, known=known)
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
    if suffix in _PLAYLISTS or (
        enclosure.media_type in _PLAYLIST_TYPES and suffix not in _AUDIO | _VIDEO
    ):
        return "enclosure is a playlist of a stream"
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


def _chosen(drafts: tuple[Draft, ...], backlog: Backlog, old: set[int], *, known: int) -> set[int]:
    everything = set(range(len(drafts)))
    if backlog.kind is BacklogKind.SINCE:
        return {
            i for i in everything if (drafts[i].item.published or backlog.since) >= backlog.since
        }
    if backlog.kind is BacklogKind.ALL:
        return everything
    if backlog.kind is BacklogKind.NONE:
        return everything - old
    # An undated item keeps its place: feeds list the newest first.
    order = sorted(old, key=lambda i: (-(drafts[i].item.published or 0), i))
    return everything - set(order[max(0, backlog.count - known) :])
