"""One step of priority up or down for chosen feeds, and edits that go back together."""

from __future__ import annotations

from collections.abc import Sequence

from podfetch_tui.model.commands import Carry, Command, CommandResult, Undo
from podfetch_tui.model.decisions import Decided, UndoOperation
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.text import counted
from podfetch_tui.policy.priority import MOST_STEPS
from podfetch_tui.system.decoding import from_json
from podfetch_tui.ui.bridge import ACTOR, Bridge
from podfetch_tui.ui.feed_actions import LOOKED_AT, rows_of
from podfetch_tui.ui.widgets.text import harmless_line

_NAME = 60


async def step(bridge: Bridge, feed_ids: Sequence[int], by: int) -> bool:
    """Move the priority of feeds by a step from what it is now; return whether any moved.

    Args:
        bridge: The way to the engine.
        feed_ids: The chosen feeds.
        by: 1 or -1; beyond the last step a priority means no more, so it ends there.
    """
    if len(feed_ids) > LOOKED_AT:
        bridge.toast(f"At most {count(LOOKED_AT)} feeds change their priority at once", "error")
        return False
    try:
        rows = await rows_of(bridge, feed_ids)
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return False
    now = bridge.now
    wanted = {row.id: max(-MOST_STEPS, min(row.priority + by, MOST_STEPS)) for row in rows}
    edits = tuple(
        EditFeed(
            feed_id=row.id,
            at=now,
            actor=ACTOR,
            priority=wanted[row.id],
            effective_priority=wanted[row.id],
        )
        for row in rows
        if wanted[row.id] != row.priority
    )
    if not edits:
        bridge.toast(f"{by * MOST_STEPS} is the last step: beyond it a priority means the same.")
        return False
    if len(edits) == 1:
        name = next(row.name for row in rows if row.id == edits[0].feed_id)
        text = f"Priority {wanted[edits[0].feed_id]}: {harmless_line(name, _NAME)}"
    else:
        text = f"Priority {by:+d} for {counted(len(edits), 'feed')}"
    return (await carry(bridge, edits, text)).affected > 0


async def carry(bridge: Bridge, edits: Sequence[EditFeed], text: str) -> CommandResult:
    """Have feeds edited, say so, and offer to take all of it back together.

    Args:
        bridge: The way to the engine.
        edits: One for each feed.
        text: What was done, in words.
    """
    result = await bridge.ask(Carry(tuple(edits)))
    said = text if result.ok else result.text
    if result.affected and not result.ok:
        said = f"{text}, but not all: {result.text}"
    bridge.toast(said, "information" if result.ok else "error")
    back = undo_of(result, bridge.now)
    if back is not None:
        bridge.offer_undo(text, back)
    return result


def undo_of(result: CommandResult, now: int) -> Command | None:
    """Return what takes back all that a :class:`Carry` did; ``None`` where nothing can be."""
    numbers = []
    for one in result.carried:
        if not one.problem:
            decided = from_json(one.receipt, Decided)
            numbers += [decided.operation] if decided.operation else []
    if len(numbers) == 1:
        return Undo(operation=numbers[0], actor=ACTOR)
    return (
        Carry(tuple(UndoOperation(operation=one, actor=ACTOR, at=now) for one in numbers))
        if numbers
        else None
    )
