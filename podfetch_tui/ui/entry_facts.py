"""All that is kept of one entry of the audit trail, as labelled lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from podfetch_tui.model.event_kinds import KINDS
from podfetch_tui.model.figures import count, full, size, span
from podfetch_tui.model.snapshot import EngineSnapshot, JsonValue
from podfetch_tui.policy.meaning import meaning
from podfetch_tui.ui.feed_rows import milliseconds
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.hosts import held_until
from podfetch_tui.ui.outcomes import severity_of, sign_of

Row = dict[str, JsonValue]
_OPERATOR = "operator_acted"


class Fact(NamedTuple):
    """One line: what it is about, and what is known."""

    label: str
    text: str
    style: str = ""


def facts(row: Row, now: EngineSnapshot, glyphs: Glyphs) -> list[Fact]:
    """Return what ``row`` of kind ``entry`` says, in full; ``now`` knows how its host stands."""
    return [fact for fact in _facts(row, now, glyphs) if fact.text]


def title(row: Row) -> str:
    """Return what happened, in a word or two."""
    return _plain(str(row["kind"]))


def _facts(row: Row, now: EngineSnapshot, glyphs: Glyphs) -> Iterator[Fact]:
    kind, code = str(row["kind"]), _text(row, "code")
    yield Fact("when", _when(row, "at", now.at))
    severity, style = severity_of(kind)
    yield Fact("what", f"{sign_of(kind, glyphs)} {_plain(kind)}, {severity}", style)
    yield Fact("text", _text(row, "text"), "bold")
    yield Fact("until", _when(row, "until", now.at))
    if kind == _OPERATOR:
        yield Fact("done", _plain(code))
        yield Fact("by", _text(row, "actor"))
        yield Fact("undone", _when(row, "undone_at", now.at))
    else:
        yield Fact("code", ": ".join(part for part in (_text(row, "family"), code) if part))
    yield from _figures(row)
    yield from _about(row, now)
    yield Fact("means", " ".join(_meaning(row)), "$quiet")


def _figures(row: Row) -> Iterator[Fact]:
    """Yield the figures of a run of the engine; other entries have none."""
    if row.get("status"):
        yield Fact("HTTP", f"status {row['status']}")
    if isinstance(took := row.get("duration_ms"), int):
        received = row.get("bytes")
        number = received if isinstance(received, int) else 0
        exact = f" ({count(number)} bytes)" if number >= 1000 else ""
        yield Fact("took", f"{took / 1000:.1f} s" if took >= 1000 else f"{took} ms")
        yield Fact("received", f"{size(number)}{exact}")
    if isinstance(attempt := row.get("attempt"), int) and attempt > 1:
        yield Fact("attempt", str(attempt))


def _about(row: Row, now: EngineSnapshot) -> Iterator[Fact]:
    """Yield what it is about and how that stands now."""
    feed, episode = row.get("feed"), row.get("episode")
    if isinstance(episode, dict):
        next_at = _when(row, "next_attempt_at", now.at)
        yield Fact("episode", f"{episode['id']} {episode['title'] or '(no title)'}")
        again = f", tried again {next_at}" if next_at else ""
        yield Fact("now", f"{episode['state']}{again}")
    if isinstance(feed, dict):
        yield Fact("feed", f"{feed['id']} {feed['title'] or '(no title yet)'}")
        if not isinstance(episode, dict):
            yield Fact("now", _stands(feed, now.at))
    host = _text(row, "host")
    until = held_until(now, host)
    left_alone = f", left alone until {_moment(until, now.at)}" if until else ""
    yield Fact("host", host + left_alone if host else "")
    if row.get("job") == "poll" and isinstance(feed, dict):
        yield Fact("address now", str(feed["url"]))
    elif row.get("job") and isinstance(episode, dict):
        yield Fact("address now", str(episode["enclosure_url"] or ""))


def _stands(feed: Row, now: int) -> str:
    parts = [str(feed["state"])]
    if feed["state_reason"]:
        parts.append(str(feed["state_reason"]))
    if snoozed := _when(feed, "snoozed_until", now):
        parts.append(f"snoozed until {snoozed}")
    if feed["state"] in ("active", "quarantined") and (due := _when(feed, "next_poll_at", now)):
        parts.append(f"polled next {due}")
    return ", ".join(parts)


def _meaning(row: Row) -> Iterator[str]:
    kind, family = str(row["kind"]), _text(row, "family")
    if family:
        yield from meaning(_text(row, "code"), family, media=row.get("episode_id") is not None)
    elif kind != _OPERATOR and kind in KINDS:
        words = KINDS[kind].text.replace("`", "")
        yield f"{words[:1].upper()}{words[1:]}."


def _when(row: Row, key: str, now: int) -> str:
    at = milliseconds(_text(row, key) or None)
    return "" if at is None else _moment(at, now)


def _moment(at: int, now: int) -> str:
    """Return a moment in full and how far away it is."""
    away = span(abs(now - at) / 1000)
    return f"{full(at)} ({away} ago)" if at <= now else f"{full(at)} (in {away})"


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _plain(word: str) -> str:
    return word.replace("_", " ")
