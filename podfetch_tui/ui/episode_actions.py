"""What is done to chosen episodes: asked first where several change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from textual.app import App

from podfetch_tui.model.commands import Carry, RetryEpisode
from podfetch_tui.model.decisions import Decided, DecideEpisodes, EpisodeDecision
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count, size
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import counted
from podfetch_tui.system.decoding import from_json
from podfetch_tui.ui.bridge import ACTOR, Bridge
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.episode_rows import EpisodeRow, episode_row
from podfetch_tui.ui.widgets.text import harmless_line, line

_AT_A_TIME = 500
LOOKED_AT = 1_000
"""So many of the chosen episodes are looked at before the question."""
_NAMED = 5
_LONGEST_URL = 8192
_COPIED = "In the clipboard, if the terminal takes it (OSC 52); secrets are left out."
_WHAT_HAPPENS = {
    EpisodeDecision.RETRY: "They are due now; what was fetched of them before is resumed.",
    EpisodeDecision.SKIP: "They are not fetched; a retry fetches them after all.",
    EpisodeDecision.DELETE: "Files are removed for good; nothing of them is fetched again.",
}


async def decide(
    app: App[Any],
    bridge: Bridge,
    ids: tuple[int, ...],
    decision: EpisodeDecision,
    *,
    drawn: Mapping[int, EpisodeRow],
) -> bool:
    """Ask if more than one changes or files go, then carry it out; return whether it was tried.

    One that is in another state by now than in ``drawn`` is refused with its new state, and so
    is one that changes while the question stands.
    """
    try:
        rows = await rows_of(bridge, ids)
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return False
    other = [row for row in rows if row.id in drawn and drawn[row.id].state != row.state]
    if other:
        first = other[0]
        more = f" (and {count(len(other) - 1)} more)" if len(other) > 1 else ""
        bridge.toast(
            f"refused: episode {first.id} changed meanwhile: it is {first.state}{more}", "error"
        )
        gone = {row.id for row in other}
        ids = tuple(number for number in ids if number not in gone)
        rows = [row for row in rows if row.id not in gone]
    if not ids:
        return True
    question = _question(rows, len(ids), decision)
    asks = len(ids) > 1 or decision is EpisodeDecision.DELETE
    if asks and not await app.push_screen_wait(Confirm(question)):
        return False
    found, states = ids, {row.id: row.state for row in rows}
    seen = tuple(states.get(one, "") for one in found)
    if decision is EpisodeDecision.RETRY:
        result = await bridge.ask(RetryEpisode(found, seen))
        done, refused = result.affected, len(result.refused)
        why = result.refused[0][1] if result.refused else ""
    else:
        writes = tuple(
            DecideEpisodes(
                episode_ids=found[first : first + _AT_A_TIME],
                decision=decision,
                seen=seen[first : first + _AT_A_TIME],
                actor=ACTOR,
                at=bridge.now,
            )
            for first in range(0, len(found), _AT_A_TIME)
        )
        result = await bridge.ask(Carry(writes))
        receipts = [from_json(one.receipt, Decided) for one in result.carried]
        done = sum(len(receipt.done) for receipt in receipts)
        told = [reason for receipt in receipts for _, reason in receipt.refused]
        refused, why = len(told), told[0] if told else ""
    if not result.ok:
        bridge.toast(result.text, "error")
        return True
    word = {"retry": "due now", "skip": "skipped", "delete": "deleted"}[decision.value]
    text = f"{counted(done, 'episode')} {word}"
    text += f"; {count(refused)} refused: {why}" if refused else ""
    bridge.toast(text, "information" if done else "error")
    return True


async def rows_of(bridge: Bridge, ids: tuple[int, ...]) -> list[EpisodeRow]:
    """Return the first rows of ``ids`` as they are now. Raises as :meth:`Bridge.query`."""
    rows: list[EpisodeRow] = []
    for first in range(0, min(len(ids), LOOKED_AT), _AT_A_TIME):
        part = ids[first : first + _AT_A_TIME]
        page = await bridge.query(PageRequest(kind="episodes", ids=part))
        rows += [episode_row(row) for row in page.rows]
    return rows


async def copy(app: App[Any], bridge: Bridge, ids: tuple[int, ...]) -> None:
    """Hand the addresses of episodes to the terminal's clipboard, and show them."""
    try:
        urls = [row.enclosure_url for row in await rows_of(bridge, ids)]
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return
    if urls:
        app.copy_to_clipboard("\n".join(harmless_line(url, _LONGEST_URL) for url in urls))
        title = "Address" if len(urls) == 1 else f"{count(len(urls))} addresses"
        app.push_screen(Box(title, urls, note=_COPIED, url=urls[0] if len(urls) == 1 else ""))


def place(bridge: Bridge, row: EpisodeRow) -> Box:
    """Return a box that shows where an episode and its file are."""
    archive = bridge.view.snapshot.archive
    file = f"{archive}/{row.path}" if row.path else f"{archive} (not archived: {row.state})"
    lines = [row.enclosure_url, file, *([f"sha256 {row.sha256}"] if row.sha256 else [])]
    return Box("Address and file", lines, note="Secrets are left out.", url=row.enclosure_url)


def _question(rows: list[EpisodeRow], total: int, decision: EpisodeDecision) -> Question:
    some = "" if total == len(rows) else f"of the first {count(len(rows))}: "
    states = Counter(row.state for row in rows)
    verb = decision.value.capitalize()
    impact = [
        line(some, ", ".join(f"{count(n)} {state}" for state, n in states.most_common())),
        *(line((f"  {row.name}", "$quiet")) for row in rows[:_NAMED]),
    ]
    if total > _NAMED:
        impact.append(line((f"  … and {count(total - _NAMED)} more", "$quiet")))
    impact += [line(), line(_WHAT_HAPPENS[decision])]
    files = [row.bytes for row in rows if row.state == EpisodeState.ARCHIVED.value and row.bytes]
    if decision is EpisodeDecision.DELETE and files:
        impact.insert(1, line(f"{counted(len(files), 'file')}, {size(sum(files))}"))
    number = count(total)
    return Question(
        title=f"{verb} {number} {'episode' if total == 1 else 'episodes'}?",
        grave=decision is EpisodeDecision.DELETE,
        impact=impact,
        verb=f"{verb} {number}",
        number=total,
    )
