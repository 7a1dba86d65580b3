"""What the panes of the dashboard say: lines made of a view, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from podfetch_tui.model.errors import Family
from podfetch_tui.model.figures import bar, count, moment, percent, rate, size, span, spark
from podfetch_tui.model.snapshot import (
    MOST_HOSTS,
    EngineSnapshot,
    HostView,
    LaneView,
    UpcomingView,
)
from podfetch_tui.model.text import clean, counted
from podfetch_tui.ui.failures import words
from podfetch_tui.ui.glyphs import Glyphs
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.view import BUCKET_S, View
from podfetch_tui.ui.widgets.text import Part, line

MUTED = "$quiet"
_FAMILIES = [family.value for family in Family if family is not Family.DEFERRED]
_LABEL = 10
_UPCOMING = 3
_TREND = 20
"""Cells for the failures of the last minutes."""
_HOST = 21
"""Cells for a host in a line that has to fit into 80."""


def throughput(view: View, width: int, glyphs: Glyphs) -> list[Content]:
    """Return how much comes in: now, over ten minutes, since the start."""
    now, speeds = view.snapshot, view.speeds
    rates, totals = now.rates, now.totals
    room = max(10, width - 22)
    highest = max(speeds[-room:], default=0.0)
    unchanged = percent(totals.get("polls_not_modified", 0), totals.get("polls", 0))
    speed = rate(rates.get("bytes_per_s", 0.0))
    mean = f"  mean {rate(sum(speeds) / max(len(speeds), 1))}"
    paces = (
        f"   {rates.get('episodes_per_min', 0.0):.0f} episodes/min"
        f"   {rates.get('polls_per_s', 0.0):.1f} polls/s"
    )
    if len(speed + mean + paces) > width:
        mean = ""
    return [
        line((speed, "bold"), (mean, MUTED), paces),
        line(
            (spark(list(speeds), room, ascii_only=glyphs.ascii_only), "$primary"),
            (f"  highest {rate(highest)}", MUTED),
        ),
        line(
            f"{counted(totals.get('polls', 0), 'poll')}, {unchanged} unchanged"
            f"   {counted(totals.get('new', 0), 'new episode')}",
        ),
        line(
            f"{count(totals.get('archived', 0))} archived, {size(totals.get('bytes', 0))}",
            (f"   since the start {span(now.uptime_s)} ago", MUTED),
        ),
    ]


def progress(view: View, width: int, glyphs: Glyphs) -> list[Content]:
    """Return how far the batch and the whole cycle are, and when they will be done."""
    now = view.snapshot
    batch, active = now.batch, now.feeds.get("active", 0)
    room = max(8, min(28, width - 44))
    done, due = batch.size - batch.left, min(batch.due, active)
    wait = f"  waits: {batch.waits}" if batch.waits else ""
    return [
        _progress("batch", done, batch.size, batch.eta_s, room, glyphs, wait),
        _progress("cycle", active - due, active, batch.cycle_eta_s, room, glyphs, ""),
        line(
            (f"{'lateness':<{_LABEL}}", MUTED),
            f"95 % of polls begin within {span(batch.lateness_p95_s)} of their time"
            if now.totals.get("polls")
            else "no poll yet",
        ),
        _archive(now),
    ]


def _progress(
    name: str, done: int, whole: int, eta: float | None, room: int, glyphs: Glyphs, more: str
) -> Content:
    label = (f"{name:<{_LABEL}}", MUTED)
    if not whole:
        return line(label, (f"none yet{more}", MUTED))
    left = "done" if done >= whole else "ETA …" if eta is None else f"ETA {span(eta)}"
    return line(
        label,
        (bar(done, whole, room, ascii_only=glyphs.ascii_only), "$primary"),
        f"  {count(done)}/{count(whole)} {percent(done, whole)}",
        (f"  {left}{more}", MUTED),
    )


def _archive(now: EngineSnapshot) -> Content:
    episodes, media = now.episodes, now.media
    parts: list[Part] = [
        (f"{'archive':<{_LABEL}}", MUTED),
        (f"{counted(episodes.get('archived', 0), 'episode')}, {size(media.get('bytes', 0))}", ""),
    ]
    if failed := episodes.get("failed", 0):
        parts.append((f"   {count(failed)} failed", "$error"))
    return line(*parts)


def lane_line(
    name: str, lane: LaneView | None, stalled: int, width: int, glyphs: Glyphs
) -> Content:
    """Return the slots of a lane as a strip of signs, with figures."""
    if lane is None:
        return line((f"{name:<{_LABEL}}", MUTED), "–")
    if not lane.limit:
        return line((f"{name:<{_LABEL}}", MUTED), ("off: its limit is 0", "$warning"))
    room = max(4, min(lane.limit, width - 34))
    busy = min(room, -(-lane.busy * room // lane.limit))
    bad = min(busy, stalled)
    return line(
        (f"{name:<{_LABEL}}", MUTED),
        (glyphs.warning * bad, "$warning"),
        (glyphs.busy * (busy - bad), "$primary"),
        (glyphs.idle * (room - busy), MUTED),
        f"  {lane.busy} of {lane.target}",
        ("" if lane.target == lane.limit else f" (limit {lane.limit})", "$warning"),
    )


def errors(view: View, glyphs: Glyphs, *, short: bool) -> list[Content]:
    """Return failures of the last ten minutes in words, and how many jobs succeed.

    Where there is room a table beside it has the failures; of an engine that does not count
    them by code, their families are shown.
    """
    now = view.snapshot
    if now.failures is not None:
        return [*_failed(now, glyphs, short=short), _success(now)]
    found = {name: sum(view.failures.get(name, ())) for name in _FAMILIES}
    ever = {name: now.errors.get(name, 0) for name in _FAMILIES}
    shown = sorted((name for name in _FAMILIES if ever[name]), key=lambda n: (-found[n], -ever[n]))
    minutes = max(1.0, max((len(one) for one in view.failures.values()), default=0) * BUCKET_S / 60)
    if not shown:
        return [line((f"{glyphs.done} no failures since the start", "$success"))]
    if short:
        parts: list[Part] = [(f"{glyphs.bad} ", "$error")]
        parts += [(f"{name} {count(found[name])} ", "") for name in shown[:4]]
        return [line(*parts, ("in 10 min", MUTED)), _success(now)]
    lines = []
    for name in shown[:5]:
        counts = [float(number) for number in view.failures.get(name, (0,))]
        drawn = spark(counts, _TREND, ascii_only=glyphs.ascii_only)
        lines.append(
            line(
                (f"{glyphs.bad} {name:<10}", "$error"),
                (f"{drawn:<{_TREND}}", "$error"),
                f"  {found[name] / minutes:5.1f}/min",
                (f"  {count(ever[name])} in all", MUTED),
            )
        )
    return [*lines, _success(now)]


def _failed(now: EngineSnapshot, glyphs: Glyphs, *, short: bool) -> list[Content]:
    if not now.failures:
        since = "since the start" if not any(now.errors.values()) else "in the last ten minutes"
        return [line((f"{glyphs.done} no failures {since}", "$success"))]
    if not short:
        return []
    told = "  ".join(f"{words(one.code)} {count(one.count)}" for one in now.failures[:4])
    return [line((f"{glyphs.bad} ", "$error"), told, ("  in 10 min", MUTED))]


def _success(now: EngineSnapshot) -> Content:
    totals = now.totals
    polls, bad = totals.get("polls", 0), totals.get("polls_failed", 0)
    archived, failed = totals.get("archived", 0), totals.get("failed", 0)
    return line(
        ("succeed   ", MUTED),
        f"polls {_share(polls - bad, polls)}   downloads {_share(archived, archived + failed)}",
    )


def _share(part: int, whole: int) -> str:
    """Return a share to a tenth: what is not quite all never reads as all."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def resources(view: View, glyphs: Glyphs, *, short: bool) -> list[Content]:
    """Return what the machine has to give, and what we take."""
    found, now = view.snapshot.resources, view.snapshot
    cpu, memory = found.get("cpu_percent", 0.0), found.get("memory_percent")
    files = f"files {found.get('open_files', 0.0):.0f}"
    threads = f"threads {found.get('threads', 0.0):.0f}"
    free = f"{size(found['free_bytes'])} free" if "free_bytes" in found else "free unknown"
    lag = f"lag {found['lag_ms']:.0f} ms" if "lag_ms" in found else ""
    own = f"  ours {found['own_cpu_percent']:.0f} %" if "own_cpu_percent" in found else ""
    ours = size(found.get("rss", 0.0))
    if short:
        text = f"cpu {cpu:.0f} %  mem {ours}  {free}  {files}  {lag}"
        return [line(text)]
    drawn = bar(round(cpu), 100, 10, ascii_only=glyphs.ascii_only)
    used = "" if memory is None else bar(round(memory), 100, 10, ascii_only=glyphs.ascii_only)
    share = "" if memory is None else f" {memory:.0f} % of the machine"
    return [
        line(("cpu       ", MUTED), (drawn, "$primary"), f" {cpu:.0f} %{own}"),
        line(
            ("memory    ", MUTED),
            (used, "$primary"),
            f"{share}  ours {size(found.get('rss', 0.0))}",
        ),
        line(("process   ", MUTED), f"{threads}  {files}  {lag}"),
        line(("disk      ", MUTED), free),
        line(("archive   ", MUTED), now.archive),
    ]


def queue(view: View, *, short: bool) -> list[Content]:
    """Return what waits, and why the next jobs are next."""
    now = view.snapshot
    waiting, feeds = now.queue, now.feeds
    delayed = waiting.get("delayed", 0)
    head = line(
        ("due       ", MUTED),
        f"{counted(now.batch.due, 'feed')}  {counted(waiting.get('downloads', 0), 'download')}",
        (f"  {count(delayed)} later" if delayed else "", MUTED),
    )
    parts: list[Part] = [("feeds     ", MUTED), (f"{count(feeds.get('active', 0))} active", "")]
    for state, style in (("quarantined", "$error"), ("cooling", "$warning"), ("paused", "")):
        if number := feeds.get(state, 0):
            parts += [("  ", ""), (f"{count(number)} {state}", style)]
    if short:
        return [head, line(*parts)]
    hosts = [f"{one.host} {_standing(one)}" for one in now.hosts]
    shut = ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")
    lines = [head, line(*parts)]
    if hosts:
        lines.append(line(("hosts     ", MUTED), (shut, "$warning")))
    lines += [
        line(
            (f"{'next' if not index else '':<{_LABEL}}", MUTED), one.title, (f"  {one.why}", MUTED)
        )
        for index, one in enumerate(_next(now))
    ]
    return lines


def _next(now: EngineSnapshot) -> Sequence[UpcomingView]:
    """Return the next jobs, downloads and polls by turns."""
    lanes = [[one for one in now.upcoming if one.lane == lane] for lane in ("download", "poll")]
    mixed = [one for pair in zip(*lanes, strict=False) for one in pair]
    return [*mixed, *(one for one in now.upcoming if one not in mixed)][:_UPCOMING]


def alerts(view: View, glyphs: Glyphs, keys: Mapping[str, str]) -> list[Content]:
    """Return what stands of the alerts, what waits or fails now, and what is held back and why.

    Args:
        view: This moment.
        glyphs: The signs.
        keys: What ``[keys]`` says.
    """
    now = view.snapshot
    lines = [line((f"{glyphs.warning} {one.text}", "$warning bold")) for one in now.alerts]
    lines += [line((f"{glyphs.paused} {text}", "$warning bold")) for text in off(now, keys)]
    if text := left_alone(now):
        shows = f"; {key_of('app.hosts', keys)} shows more"
        lines.append(line((f"{glyphs.paused} {text}", "$warning"), (shows, MUTED)))
    if failing := now.feeds.get("failing", 0):
        text = counted(failing, "feed is failing", "feeds are failing")
        shows = f"; {key_of('dashboard.failing', keys)} shows which"
        lines.append(line((f"{glyphs.warning} {text}", "$warning"), (shows, MUTED)))
    # The throttle looks after itself: nobody has to do anything about it.
    lines += [
        line((f"{glyphs.paused} {lane.reason}", MUTED))
        for lane in now.lanes.values()
        if lane.reason
    ]
    return lines


def left_alone(now: EngineSnapshot) -> str:
    """Return how many feeds wait for hosts that are left alone, and until when; empty if none."""
    found = [one for one in now.hosts if one.waits_until > now.at]
    if not found:
        return ""
    feeds = sum(one.feeds for one in found)
    at = moment(min(one.waits_until for one in found), now.at)
    who, are, until = clean(found[0].host, _HOST), "is", f"until {at}"
    if len(found) > 1:
        more = " or more" if len(found) >= MOST_HOSTS else ""
        who, are, until = f"{len(found)} hosts{more}", "are", f"until {at} or later"
    waits = counted(feeds, "feed waits", "feeds wait")
    return f"{waits} for {who} {until}" if feeds else f"{who} {are} left alone {until}"


def off(now: EngineSnapshot, keys: Mapping[str, str]) -> list[str]:
    """Return which lanes an operator has switched off, what waits for them, and the way back."""
    kinds = (
        ("download", "Downloads", "download_workers", now.episodes.get("pending", 0)),
        ("poll", "Polls", "poll_workers", now.batch.due),
    )
    limits, more, save = (
        key_of(f"{id_}", keys) for id_ in ("go.limits", "limits.more", "limits.save")
    )
    back = f"Limits ({limits}): {more} raises, {save} saves"
    return [
        f"{what} off, {count(waiting)} wait: {key} is 0; {back}"
        for lane, what, key, waiting in kinds
        if lane in now.lanes and not now.lanes[lane].limit
    ]


def _standing(host: HostView) -> str:
    return "told us to wait" if host.told_until else host.breaker.replace("_", " ")
