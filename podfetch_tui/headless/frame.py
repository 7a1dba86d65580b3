"""The lines of the live display for one snapshot. Pure: it draws nothing itself."""

from __future__ import annotations

import msgspec

from podfetch_tui.headless.cells import fit, pad
from podfetch_tui.headless.lines import plain
from podfetch_tui.model.figures import bar, count, percent, rate, remaining, size, span
from podfetch_tui.model.snapshot import EngineSnapshot, LaneView, WorkerView
from podfetch_tui.model.text import clean

_RESET = "\x1b[0m"
_COLOURS = {
    "running": "\x1b[1;32m",
    "starting": "\x1b[1m",
    "paused": "\x1b[1;33m",
    "degraded": "\x1b[1;31m",
    "draining": "\x1b[1;33m",
    "stopped": "\x1b[1m",
}
_WORST = 12
"""Most lines the display takes, however tall the terminal is."""
_WIDE = 99


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the terminal can show."""

    columns: int = 80
    rows: int = 24
    colour: bool = True
    ascii_only: bool = False


def frame(snapshot: EngineSnapshot, look: Look) -> list[str]:
    """Return the display as lines of at most ``look.columns - 1`` cells.

    The last column stays free, because a full line makes some terminals wrap.
    """
    room = max(look.columns - 1, 1)
    lines = [_poll_line(snapshot), _download_line(snapshot)]
    if snapshot.reason:
        lines.append(f"{'!' if look.ascii_only else '▲'} {clean(snapshot.reason)}")
    sign = "!" if look.ascii_only else "▲"
    lines += [
        f"{sign} {alert.name}: {clean(alert.text)}"
        for alert in snapshot.alerts[: max(look.rows - 5, 0)]
    ]
    lines = [fit(line, room) for line in lines]
    left = min(_WORST, max(look.rows - 1, 1)) - 1 - len(lines)
    active = [worker for worker in snapshot.workers if worker.lane == "download"]
    shown = active if len(active) <= left else active[: max(left - 1, 0)]
    lines += [fit(_bar_line(worker, look, room), room) for worker in shown]
    if len(active) > len(shown) and left > 0:
        lines.append(fit(f" … {len(active) - len(shown)} more downloads", room))
    if look.ascii_only:
        lines = [plain(line) for line in lines]
    return [_head(snapshot, look, room), *lines]


def _head(snapshot: EngineSnapshot, look: Look, room: int) -> str:
    feeds, queue = snapshot.feeds, snapshot.queue
    state = snapshot.state
    rest = f"  up {span(snapshot.uptime_s)}  feeds {count(feeds.get('total', 0))}"
    if due := queue.get("polls", 0):
        rest += f"  due {count(due)}"
    if pending := snapshot.episodes.get("pending", 0):
        rest += f"  pending {count(pending)}"
    if delayed := queue.get("delayed", 0):
        rest += f"  waiting {count(delayed)}"
    text = fit(f"podfetch {state}{rest}", room)
    text = plain(text) if look.ascii_only else text
    if not look.colour:
        return text
    # Colour goes in after the cut, so that no escape is ever cut in two.
    return text.replace(state, f"{_COLOURS.get(state, '')}{state}{_RESET}", 1)


def _poll_line(snapshot: EngineSnapshot) -> str:
    totals, rates = snapshot.totals, snapshot.rates
    polls = totals.get("polls", 0)
    line = f"polls     {_busy(snapshot.lanes.get('poll'))}"
    line += f"  {rates.get('polls_per_s', 0.0):.1f}/s  done {count(polls)}"
    line += f"  unchanged {percent(totals.get('polls_not_modified', 0), polls)}"
    line += f"  new {count(totals.get('new', 0))}"
    return line + _failed(totals.get("polls_failed", 0))


def _download_line(snapshot: EngineSnapshot) -> str:
    totals, rates = snapshot.totals, snapshot.rates
    line = f"downloads {_busy(snapshot.lanes.get('download'))}"
    line += f"  {rate(rates.get('bytes_per_s', 0.0))}  archived {count(totals.get('archived', 0))}"
    if queued := snapshot.queue.get("downloads", 0):
        line += f"  queued {count(queued)}"
    return line + _failed(totals.get("failed", 0))


def _failed(number: int) -> str:
    return f"  failed {count(number)}" if number else ""


def _busy(lane: LaneView | None) -> str:
    if lane is None:
        return "0/0  "
    shown = f"{lane.busy}/{lane.limit}".ljust(5)
    return f"{shown}  target {lane.target}" if lane.target < lane.limit else shown


def _bar_line(worker: WorkerView, look: Look, room: int) -> str:
    wide = room >= _WIDE
    drawn = bar(worker.done, worker.total, 16 if wide else 8, ascii_only=look.ascii_only)
    share = percent(worker.done, worker.total or 0)
    title = clean(worker.title)
    if worker.phase != "stream":
        return f" {drawn} {share:>5}  {worker.phase:<9}  {title}"
    left = remaining(worker.done, worker.total, worker.bytes_per_s)
    line = f" {drawn} {share:>5}  {rate(worker.bytes_per_s):>10}  {left:>6}"
    if wide:
        whole = size(worker.total) if worker.total else "?"
        line += "  " + pad(f"{size(worker.done)} of {whole}", 20)
    return f"{line}  {title}"
