"""The last word of a run: what was done, what was not, and what comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.errors import Family
from podfetch_tui.model.figures import count, moment, rate, rfc3339, size, span
from podfetch_tui.model.snapshot import EngineSnapshot, PageRequest

_PAGE = 1000
_MOST_PAGES = 1000


def text_summary(snapshot: EngineSnapshot, next_due: str | None) -> list[str]:
    """Return the summary for people.

    Args:
        snapshot: The engine at the end of the run.
        next_due: RFC 3339 time of the next poll, where it matters and is known.
    """
    totals = snapshot.totals
    if not _did_something(totals):
        return [_nothing_due(snapshot, next_due)]
    get = _getter(totals)
    polled = f"polled {count(get('polls'))}, {count(get('polls_not_modified'))} not modified"
    if get("polls_failed"):
        polled += f", {count(get('polls_failed'))} failed"
    found = f"{count(get('new'))} new, {count(get('archived'))} archived"
    for word in ("partial", "failed", "deferred"):
        if get(word):
            found += f", {count(get(word))} {word}"
    seconds = max(snapshot.uptime_s, 0.001)
    moved = f"{size(get('bytes'))} in {span(snapshot.uptime_s)} ({rate(get('bytes') / seconds)})"
    lines = [f"feeds     {polled}", f"episodes  {found}", f"received  {moved}"]
    failures = [f"{count(number)} {family}" for family, number in _failures(snapshot)]
    if failures:
        lines.append(f"failures  {', '.join(failures)}")
    if snapshot.reason:
        lines.append(f"state     {snapshot.state}: {snapshot.reason}")
    return lines


def json_summary(snapshot: EngineSnapshot, next_due: str | None) -> str:
    """Return the summary as one JSON object of kind ``summary``."""
    totals = snapshot.totals
    get = _getter(totals)
    return msgspec.json.encode(
        {
            "at": rfc3339(snapshot.at),
            "kind": "summary",
            "state": snapshot.state,
            "reason": snapshot.reason,
            "polled": get("polls"),
            "not_modified": get("polls_not_modified"),
            "polls_failed": get("polls_failed"),
            "new": get("new"),
            "archived": get("archived"),
            "partial": get("partial"),
            "failed": get("failed"),
            "deferred": get("deferred"),
            "retries": get("retries"),
            "failures": dict(_failures(snapshot)),
            "bytes": get("bytes"),
            "duration_s": round(snapshot.uptime_s, 3),
            "next_due_at": next_due,
        }
    ).decode()


def next_due(client: EngineClient, snapshot: EngineSnapshot) -> str | None:
    """Return when the next feed is due, as RFC 3339; asked only if nothing was done."""
    known = snapshot.queue.get("next_due_at")
    if known:
        return rfc3339(known)
    if _did_something(snapshot.totals):
        return None
    return min(_due_times(client), default=None)


def _due_times(client: EngineClient) -> Iterator[str]:
    after: int | None = 0
    for _ in range(_MOST_PAGES):
        if after is None:
            return
        page = client.query(
            PageRequest(kind="feeds", after=after, limit=_PAGE, filter="state:active")
        )
        for row in page.rows:
            if isinstance(due := row.get("next_poll_at"), str):
                yield due
        after = page.next_after


def _nothing_due(snapshot: EngineSnapshot, next_due: str | None) -> str:
    if not snapshot.feeds.get("total"):
        return "0 due: there are no feeds yet, `podfetch import FILE` adds some"
    if snapshot.reason:
        return f"0 done: {snapshot.state}, {snapshot.reason}"
    if next_due is None:
        return "0 due, and no feed is active"
    at = _milliseconds(next_due)
    return "0 due" if at is None else f"0 due, next {moment(at, snapshot.at)}"


def _milliseconds(text: str) -> int | None:
    from datetime import datetime

    try:
        return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    except ValueError:
        return None


def _failures(snapshot: EngineSnapshot) -> list[tuple[str, int]]:
    """Return failures by family, most first; a deferral is none."""
    found = [item for item in snapshot.errors.items() if item[0] != Family.DEFERRED.value]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _did_something(totals: dict[str, int]) -> bool:
    return any(totals.get(word) for word in ("polls", "archived", "failed", "partial", "deferred"))


def _getter(totals: dict[str, int]) -> Callable[[str], int]:
    return lambda word: totals.get(word, 0)
