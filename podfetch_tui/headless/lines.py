"""Events as lines: JSON for machines, text for people. It decides nothing, it words."""

from __future__ import annotations

import msgspec

from podfetch_tui.model.events import Event
from podfetch_tui.model.figures import clock, rfc3339
from podfetch_tui.model.snapshot import EngineSnapshot
from podfetch_tui.model.text import clean

_SIGNS = {
    "archived": ("✓", "+"),
    "derived": ("✓", "+"),
    "polled": ("✓", "+"),
    "failed": ("✗", "x"),
    "trouble": ("✗", "x"),
    "partial": ("▲", "!"),
    "deferred": ("‖", "="),
}
_PLAIN = str.maketrans({"–": "-", "…": "~", "×": "x", "“": '"', "”": '"'})
_TITLE_CHARS = 40


def json_line(event: Event) -> str:
    """Return ``event`` in the shape of ``podfetch events --json``, without its newline."""
    return _encode(
        {
            "at": rfc3339(event.at),
            "kind": event.kind,
            "feed_id": event.feed_id,
            "episode_id": event.episode_id,
            "family": event.family,
            "code": event.code,
            "text": event.text,
            "feed_title": event.feed_title or None,
            "episode_title": event.episode_title or None,
        }
    )


def json_progress(snapshot: EngineSnapshot) -> str:
    """Return where the engine stands as one JSON object of kind ``progress``."""
    return _encode(
        {
            "at": rfc3339(snapshot.at),
            "kind": "progress",
            "state": snapshot.state,
            "reason": snapshot.reason,
            "totals": snapshot.totals,
            "rates": snapshot.rates,
            "queue": snapshot.queue,
            "busy": {name: lane.busy for name, lane in snapshot.lanes.items()},
        }
    )


def json_lost(snapshot: EngineSnapshot) -> str:
    """Return the line that says events were missed here; they are in the catalogue."""
    return _encode({"at": rfc3339(snapshot.at), "kind": "events_lost"})


def text_line(event: Event, *, ascii_only: bool = False) -> str:
    """Return ``event`` as one line for people, in local time, without its newline."""
    noun, _, verb = event.kind.partition("_")
    sign = _SIGNS.get(verb, ("·", "-"))[ascii_only]
    what = event.kind.replace("_", " ")
    feed = _named(event.feed_id, event.feed_title)
    if noun == "feed" and event.feed_id is not None:
        what = f"feed {feed} {verb}"
    elif noun == "episode" and event.episode_id is not None:
        what = f"episode {_named(event.episode_id, event.episode_title)} {verb}, feed {feed}"
    is_told = event.family or noun not in ("feed", "episode")
    code = f" ({event.code})" if event.code and is_told else ""
    text = f": {clean(event.text)}" if event.text else ""
    line = f"{clock(event.at)} {sign} {what}{code}{text}"
    return plain(line) if ascii_only else line


def _named(number: int | None, title: str) -> str:
    return f"{number} “{clean(title, _TITLE_CHARS)}”" if title else str(number)


def plain(text: str) -> str:
    """Return ``text`` with what is not ASCII replaced, for terminals that know no other."""
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


def _encode(value: dict[str, object]) -> str:
    return msgspec.json.encode(value).decode()
