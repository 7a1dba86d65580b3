"""What is done to the chosen feeds: asked first where several change, undoable for a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from podfetch_tui.model.commands import (
    ActOnFeeds,
    AddedFeeds,
    CheckFeeds,
    CommandResult,
    Undo,
)
from podfetch_tui.model.decisions import DONE, FeedAsk, FeedDecision
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.feed import FeedState
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import ACTOR, Bridge
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.feed_rows import FeedRow, feed_row
from podfetch_tui.ui.widgets.text import line

_AT_A_TIME = 500
LOOKED_AT = 1_000
"""So many of the chosen feeds are looked at before the question: it must not take long."""
_NAMED = 5
"""Feeds that a question names."""
_WHAT_HAPPENS = {
    FeedDecision.PAUSE: "They are not polled until you let them go on.",
    FeedDecision.RESUME: "They are due now.",
    FeedDecision.RETIRE: "They are never polled again; their files and history stay.",
    FeedDecision.QUARANTINE: "They are probed as seldom as what keeps failing, and come back when"
    " a probe goes well.",
    FeedDecision.SNOOZE: "Those in quarantine stay there and are not probed until then.",
}
_INSTEAD = {
    FeedState.PAUSED.value: "; p lets it go on",
    FeedState.RETIRED.value: "; p lets it go on",
    FeedState.GONE.value: "; t looks at it once, p lets it go on",
    FeedState.QUARANTINED.value: "; t looks at it once, R on Quarantine (3) releases it",
}
"""State of a feed that is not polled → the key for what was wanted."""


async def check(app: App[Any], bridge: Bridge, feed_ids: Sequence[int]) -> bool:
    """Have feeds polled now, many after a question; return whether it was tried.

    Those that are not active are skipped: a snooze promises that nothing is asked.
    """
    if len(feed_ids) > 1:
        try:
            rows = await rows_of(bridge, feed_ids[:LOOKED_AT])
        except (Failure, PodfetchError) as error:
            bridge.toast(str(error), "error")
            return False
        if not await app.push_screen_wait(Confirm(_check_question(rows, len(feed_ids)))):
            return False
    result = await bridge.ask(CheckFeeds(tuple(feed_ids)))
    text = result.text or "done"
    if len(feed_ids) == 1 and result.refused:
        text += _INSTEAD.get(result.refused[0][1].removeprefix("is "), "")
    bridge.toast(text, "information" if result.ok else "error")
    return True


def _check_question(rows: Sequence[FeedRow], total: int) -> Question:
    """Ask whether so many feeds are polled, of which the first were looked at."""
    waiting = sum(row.state != FeedState.ACTIVE.value for row in rows)
    impact = _about(rows, total)
    impact.append(line())
    impact.append(line("They are due at once, whatever their rhythm; hosts keep their limits."))
    if waiting:
        impact.append(line("Those that are not active are skipped: nothing is asked for them."))
    number = count(total)
    return Question(
        title=f"Check {number} feeds?", impact=impact, verb=f"Check {number}", number=total
    )


async def offer_undo_of_adding(bridge: Bridge, added: AddedFeeds) -> None:
    """Offer to take back what was added just now: the new feeds are retired.

    Retiring deletes nothing: what of them was archived meanwhile stays, and resuming one (p)
    brings it back. Feeds that others add at the same time are never among them.
    """
    ids = added.ids
    if len(ids) < added.new:  # the answer names the first ones only
        request = PageRequest(kind="feeds", only_ids=True, after=min(ids) - 1, limit=added.new + 1)
        try:
            ids = (await bridge.query(request)).ids
        except (Failure, PodfetchError):
            return  # nothing is offered then
    if len(ids) == added.new:
        ask = FeedAsk(
            feed_ids=ids, decision=FeedDecision.RETIRE, reason="adding was undone", actor=ACTOR
        )
        bridge.offer_undo(f"{counted(added.new, 'feed')} added, now retired", ActOnFeeds(ask))


async def rows_of(bridge: Bridge, feed_ids: Sequence[int]) -> list[FeedRow]:
    """Return the rows of feeds as they are now. Raises as :meth:`Bridge.query`."""
    found: list[FeedRow] = []
    for first in range(0, len(feed_ids), _AT_A_TIME):
        part = tuple(feed_ids[first : first + _AT_A_TIME])
        page = await bridge.query(PageRequest(kind="feeds", ids=part))
        found += [feed_row(row) for row in page.rows]
    return found


async def decide(
    app: App[Any],
    bridge: Bridge,
    feed_ids: Sequence[int],
    decision: FeedDecision | None,
    *,
    drawn: Mapping[int, FeedRow],
    until: int | None = None,
) -> bool:
    """Ask if more than one changes, carry it out, and offer to undo it.

    A feed that is in another state by now than it was drawn in is refused with its new state.

    Args:
        app: Shows the question.
        bridge: The way to the engine.
        feed_ids: The chosen feeds.
        decision: What is done; ``None``: pause, or resume if none of them is active.
        drawn: The feeds as the operator sees them, by id; for others that of now holds.
        until: End of a snooze, UTC milliseconds.

    Returns:
        Whether anything was tried.
    """
    try:
        rows = [drawn.get(row.id, row) for row in await rows_of(bridge, feed_ids[:LOOKED_AT])]
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return False
    if decision is None:
        is_active = any(row.state == FeedState.ACTIVE.value for row in rows)
        decision = FeedDecision.PAUSE if is_active else FeedDecision.RESUME
    many = len(feed_ids) > 1
    if many and not await app.push_screen_wait(Confirm(_question(rows, len(feed_ids), decision))):
        return False
    ask = FeedAsk(
        feed_ids=tuple(feed_ids),
        decision=decision,
        seen=seen(feed_ids, rows),
        until=until,
        actor=ACTOR,
    )
    report(bridge, decision, await bridge.ask(ActOnFeeds(ask)))
    return True


def seen(feed_ids: Sequence[int], rows: Sequence[FeedRow]) -> tuple[int, ...]:
    """Return since when each feed was in its state as it was looked at; empty if not all were.

    A feed without a row is not known any more, and is refused as such.
    """
    times = {row.id: row.seen for row in rows}
    known = tuple(times.get(feed_id, 0) for feed_id in feed_ids[: LOOKED_AT + 1])
    return known if any(known) and len(feed_ids) <= LOOKED_AT else ()


def _question(rows: Sequence[FeedRow], total: int, decision: FeedDecision) -> Question:
    number = count(total)
    impact = _about(rows, total)
    impact += [line(), line(_WHAT_HAPPENS[decision], " It can be undone for a minute (u).")]
    verb = decision.value.capitalize()
    return Question(
        title=f"{verb} {number} feeds?", impact=impact, verb=f"{verb} {number}", number=total
    )


def _about(rows: Sequence[FeedRow], total: int) -> list[Content]:
    """Say of which feeds a question is: how many in which state, and the first by name."""
    some = "" if total == len(rows) else f"of the first {count(len(rows))}: "
    states = Counter(row.state for row in rows)
    impact: list[Content] = [
        line(some, ", ".join(f"{count(n)} {state}" for state, n in states.most_common())),
        line(f"{counted(sum(row.episodes for row in rows), 'episode')} known, "
             f"{count(sum(row.archived for row in rows))} archived"),
        *(line((f"  {row.name}", "$quiet")) for row in rows[:_NAMED]),
    ]  # fmt: skip
    if total > _NAMED:
        impact.append(line((f"  … and {count(total - _NAMED)} more", "$quiet")))
    return impact


def report(bridge: Bridge, decision: FeedDecision, result: CommandResult) -> None:
    """Show what came of a decision about feeds, and offer to undo it."""
    number, refused = result.affected, result.refused
    text = f"{counted(number, 'feed')} {DONE[decision]}"
    if refused:
        text += f"; {count(len(refused))} refused: feed {refused[0][0]} {refused[0][1]}"
    if not result.ok and not refused:
        text = result.text
    bridge.toast(text, "information" if number else "error")
    if result.operation:
        bridge.offer_undo(text, Undo(operation=result.operation, actor=ACTOR))
