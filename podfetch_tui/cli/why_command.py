"""``podfetch why``: the decision trail of one feed or episode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import why
from podfetch_tui.cli.context import Context, program
from podfetch_tui.cli.output import document
from podfetch_tui.model import figures
from podfetch_tui.model.text import clean, counted
from podfetch_tui.policy import advice
from podfetch_tui.system.clock import Clock

_Lines = Iterator[tuple[str, str]]
"""Label and text; no label: it belongs to the line above."""
_LONGEST = 300


@click.command("why")
@click.argument("thing", metavar="FEED|EPISODE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def why_command(context: Context, *, thing: str, as_json: bool) -> None:
    """Say why a feed or an episode is as it is, when it is tried next, and what you can do.

    By number (a feed's; an episode's is written episode:12), URL, or a filter that only it
    passes.
    """
    now = Clock().now_ms()
    with archives.reading_for(context) as (layout, catalog, settings):
        kind, number = why.find(catalog, thing)
        if kind == "feed":
            found = why.feed_document(catalog, number, settings, now)
        else:
            found = why.episode_document(catalog, layout, number, now)
    if as_json:
        document(found)
        return
    lines: Callable[[Mapping[str, Any]], _Lines] = _feed if kind == "feed" else _episode
    for label, text in lines(found):
        click.echo(f"{label:11} {clean(text, _LONGEST)}".rstrip())
    click.echo(f"what you can do: {advice.complete(found['do'], program(context))}")


def _feed(found: Mapping[str, Any]) -> _Lines:
    row = found["feed"]
    yield "feed", f"{found['id']} · {row['title'] or '(no title yet)'} · {row['url']}"
    yield "state", f"{row['state']} since {found['since']}{_reason(row['state_reason'])}"
    if found["snoozed_until"]:
        yield "", f"snoozed until {found['snoozed_until']}"
    yield "breaker", _breaker(found)
    yield "last ok", row["last_success_at"] or "never"
    if row["last_error"]:
        yield "last error", f"{row['last_error']} ({row['last_family']})"
    if found["last_answer"]:
        yield "last answer", found["last_answer"]
    yield from _outcomes("polls", found["polls"])
    yield from _list("days before", [_day(one) for one in found["days"]])
    yield from _next(found)
    yield from _episodes(found)
    yield from _list("known as", [f"{u['url']} until {u['until']}" for u in row["earlier_urls"]])
    if row["move"]:
        move = row["move"]
        yield (
            "moving",
            f"{move['url']}, named {counted(move['seen'], 'time')} since {move['since']}",
        )
    if row["merged_into"]:
        yield "merged into", f"feed {row['merged_into']}"
    yield from _list("lists", [_place(one) for one in row["lists"]])
    yield from _actions(found["actions"])


def _episode(found: Mapping[str, Any]) -> _Lines:
    row, feed = found["episode"], found["feed"]
    yield "episode", f"{found['id']} · {row['title'] or '(no title)'} · {row['enclosure_url']}"
    yield "feed", f"{feed['id']} · {feed['title']} · {feed['state']}"
    yield "state", f"{row['state']}{_reason(row['error'])}"
    dates = [f"published {row['published_at'] or 'without a date'}", f"seen {found['seen_at']}"]
    dates += [f"archived {found['archived_at']}"] if found["archived_at"] else []
    yield "dates", ", ".join(dates)
    yield from _outcomes("attempts", found["attempts"])
    yield from _next(found)
    if row["sha256"]:
        yield "bytes", f"{_size(row['bytes'])}, {row['validity']}, sha256 {row['sha256']}"
    there = {True: "", False: " IS NOT THERE"}
    yield from _list(
        "files", [f"{f['path']} ({f['kind']}){there[f['present']]}" for f in found["files"]]
    )
    waiting = [made for made in found["derivatives"] if made["state"] != "done"]
    yield from _list("derivatives", [_made(made) for made in waiting])
    yield from _list("known as", [_key(key) for key in row["keys"]])
    yield from _actions(found["actions"])


def _place(one: Mapping[str, Any]) -> str:
    """Return which list names a feed, and where; what was added by hand has no line."""
    return f"{one['list']}, line {one['line']}" if one["line"] else str(one["list"])


def _breaker(found: Mapping[str, Any]) -> str:
    row = found["feed"]
    failures = row["consecutive_failures"]
    text = (
        f"{row['breaker']}, {counted(failures, 'failure') if failures else 'no failures'} in a row"
    )
    if found["cool_down_until"] and row["breaker"] != "closed":
        text += f", cools down until {found['cool_down_until']}"
    return text + (", on probation" if found["probation"] else "")


def _next(found: Mapping[str, Any]) -> _Lines:
    planned, host = found["next"], found["host"]
    when = f"{planned['at']} ({planned['in']})" if planned["at"] else "not by itself"
    yield "next", f"{when}: {planned['why']}"
    if host and (host["not_before"] or host["open_until"]):
        until = host["not_before"] or host["open_until"]
        yield "host", f"{host['name']}: not before {until}{_reason(host['error'])}"


def _episodes(found: Mapping[str, Any]) -> _Lines:
    counts = found["episodes"]
    parts = [f"{count} {state}" for state, count in sorted(counts.items())]
    yield "episodes", ", ".join(parts) or "none"
    for one in found["episode_reasons"]:
        yield "", f"{one['episodes']} {one['state']}: {one['reason']}"


def _outcomes(label: str, rows: Sequence[Mapping[str, Any]]) -> _Lines:
    lines = []
    for row in rows:
        answer = f"{row['code']}" + (f" (status {row['status']})" if row["status"] else "")
        took = f"{row['duration_ms'] / 1000:.1f} s, {_size(row['bytes'])}"
        detail = f": {row['detail']}" if row["detail"] else ""
        lines.append(f"{row['at']} {row['result']} {answer}, {took}{detail}")
    yield from _list(label, lines or ["none yet"])


def _day(one: Mapping[str, Any]) -> str:
    family = f" ({one['family']})" if one["family"] else ""
    return (
        f"{one['day']} {one['count']} × {one['job']} {one['result']} {one['code']}{family},"
        f" {_size(one['bytes'])}"
    )


def _actions(rows: Sequence[Mapping[str, Any]]) -> _Lines:
    yield from _list(
        "operators",
        [
            f"{row['at']} {row['action']}{_until(row)} by {row['actor']}{_reason(row['detail'])}"
            + (f", undone {row['undone_at']}" if row["undone_at"] else "")
            for row in rows
        ],
    )


def _until(row: Mapping[str, Any]) -> str:
    return f" until {row['until']}" if row["until"] else ""


def _list(label: str, lines: Sequence[str]) -> _Lines:
    for index, text in enumerate(lines):
        yield ("" if index else label), text


def _made(made: Mapping[str, Any]) -> str:
    again = f", again at {made['next_attempt_at']}" if made["next_attempt_at"] else ""
    return f"{made['kind']} {made['state']}{_reason(made['error'])}{again}"


def _key(key: Mapping[str, Any]) -> str:
    return f"{key['reason']}: {key['text'] or '(its own)'}"


def _reason(text: str | None) -> str:
    return f" ({text})" if text else ""


def _size(count: int | None) -> str:
    return figures.size(count or 0)
