"""Editing what is set for feeds alone: a form, then one command for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import UNSET
from textual.app import App

from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import JsonValue, PageRequest
from podfetch_tui.model.text import clean, counted, redact
from podfetch_tui.model.units import format_duration, parse_duration, parse_integer
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import LONGEST, normalise_url
from podfetch_tui.ui.bridge import ACTOR, Bridge
from podfetch_tui.ui.dialogs.form import Field, Form
from podfetch_tui.ui.feed_actions import LOOKED_AT, rows_of
from podfetch_tui.ui.feed_rows import FeedRow, has_moved
from podfetch_tui.ui.feed_steps import carry

_ALLOWED = "network.allow_private"
_LONGEST_TITLE = 200


async def edit(app: App[Any], bridge: Bridge, ids: tuple[int, ...]) -> bool:
    """Show the form and carry out what was changed in it; return whether anything was."""
    if len(ids) > LOOKED_AT:
        most = count(LOOKED_AT)
        bridge.toast(
            f"At most {most} feeds are edited at once; `{bridge.program} feeds edit` more",
            "error",
        )
        return False
    try:
        rows = await rows_of(bridge, ids)
        allowed = await allowed_networks(bridge)
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return False
    if not rows:
        return False

    own = rows[0].allow_private if len(rows) == 1 else ()

    def url(text: str) -> str:
        return normalise_url(text, allow=parse_networks((*allowed, *own)))

    number = count(len(rows))
    title = f"Edit feed {rows[0].id}" if len(rows) == 1 else f"Edit {number} feeds"
    verb = "Save" if len(rows) == 1 else f"Change {number}"
    form = Form(title, _fields(rows, url), verb, first="url" if _has_moved(rows) else "")
    changed = await app.push_screen_wait(form)
    if not changed:
        return False
    edits = tuple(_edit(row, changed, url, bridge.now) for row in rows)
    text = f"{counted(len(edits), 'feed')} edited"
    url_is_new = bool(changed.get("url"))
    if url_is_new:
        text = f"feed {rows[0].id} has a new URL"
        text += ", and is polled there next" if rows[0].state == FeedState.ACTIVE.value else ""
    done = (await carry(bridge, edits, text)).affected > 0
    if done and url_is_new:
        await tell_of_lists(bridge, rows[0].id)
    return done


async def tell_of_lists(bridge: Bridge, feed_id: int) -> None:
    """Say which list files still name the former URL of a feed, and that this is harmless."""
    try:
        page = await bridge.query(PageRequest(kind="feed", feed_id=feed_id))
    except (Failure, PodfetchError):
        return  # that the feed was edited is said already
    found = [one for row in page.rows for one in _of_files(row.get("lists"))]
    if found:
        which = ", ".join(found)
        bridge.toast(f"{which} may still name the former URL. No harm: both mean this feed.")


def _of_files(lists: JsonValue) -> Iterator[str]:
    """Yield names and lines of lists that are files; what was typed or added has no path."""
    for one in lists if isinstance(lists, list) else ():
        if isinstance(one, dict) and (name := PurePath(str(one.get("list")))).is_absolute():
            yield f"{name.name}:{one.get('line')}"


def _fields(rows: Sequence[FeedRow], url: Callable[[str], str]) -> list[Field]:
    """Return the fields: title and URL only where one feed is edited."""
    first, alone = rows[0], len(rows) == 1
    fields = []
    if alone:
        fields = [
            Field(name="title", label="Title", value=first.title, hint="the feed's own"),
            _address(first.url, url),
        ]
    own = _same([_number(row.own_priority) for row in rows])
    interval = _same([_length(row.interval_s) for row in rows])
    return [
        *fields,
        Field(
            name="priority",
            label="Priority",
            value=own,
            hint="follows from its tags; higher goes first",
            check=lambda text: parse_integer(text) if text else text,
        ),
        Field(
            name="interval",
            label="Interval",
            value=interval,
            hint="its own rhythm, or as in the settings; such as 2h",
            check=_checked_interval,
        ),
        Field(name="tag", label="Add tags", hint="comma separated"),
        Field(name="untag", label="Drop tags", hint=", ".join(_tags(rows)) or "it has none"),
    ]


def _address(now: str, url: Callable[[str], str]) -> Field:
    """Return the field of the URL; one that holds a secret is not put into it."""
    shown = clean(redact(now), LONGEST)
    if shown != now or "***" in now:
        return Field(
            name="url",
            label="URL",
            hint=f"as it is: {clean(shown, 60)}",
            check=lambda text: url(text) if text else text,
        )
    return Field(name="url", label="URL", value=now, check=url, is_continued=True)


def _has_moved(rows: Sequence[FeedRow]) -> bool:
    return len(rows) == 1 and has_moved(rows[0].last_error or "")


def _checked_interval(text: str) -> None:
    if text and parse_duration(text) < 1:
        raise ValueError("expected at least 1s")


def _edit(
    row: FeedRow, changed: Mapping[str, str], url: Callable[[str], str], now: int
) -> EditFeed:
    made = EditFeed(
        feed_id=row.id,
        at=now,
        actor=ACTOR,
        tag=_listed(changed.get("tag", "")),
        untag=_listed(changed.get("untag", "")),
    )
    if "title" in changed:
        made = msgspec.structs.replace(made, title=clean(changed["title"], _LONGEST_TITLE))
    if changed.get("url"):
        made = msgspec.structs.replace(made, url=url(changed["url"]))
    if "priority" in changed:
        own = parse_integer(changed["priority"]) if changed["priority"] else None
        # Without one of its own the engine works out what its tags say.
        holds = UNSET if own is None else own
        made = msgspec.structs.replace(made, priority=own, effective_priority=holds)
    if "interval" in changed:
        length = round(parse_duration(changed["interval"])) if changed["interval"] else None
        made = msgspec.structs.replace(made, interval=length)
    return made


async def allowed_networks(bridge: Bridge) -> tuple[str, ...]:
    """Return the private networks that may be asked, as the engine has them."""
    page = await bridge.query(PageRequest(kind="settings", limit=500))
    for row in page.rows:
        if row.get("key") == _ALLOWED:
            value = row.get("value")
            # A list over the socket, a tuple from an engine in this process.
            return tuple(map(str, value)) if isinstance(value, (list, tuple)) else ()
    return ()


def _same(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _length(value: int | None) -> str:
    return "" if value is None else format_duration(value)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(clean(part, 60) for part in text.split(",") if part.strip())


def _tags(rows: Sequence[FeedRow]) -> list[str]:
    return sorted({tag for row in rows for tag in row.tags})
