"""Ending downloads: with what came of them kept, which can be undone, or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from podfetch_tui.model.commands import CancelDownloads, RetryEpisode
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import WorkerView
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.confirm import Confirm, Question
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.widgets.text import line

_NAMED = 5


async def cancel(
    app: App[Any], bridge: Bridge, episode_ids: Sequence[int], *, keep_parts: bool
) -> bool:
    """End downloads that run, after a question where several end or what came of them goes.

    Returns:
        Whether any was ended.
    """
    wanted = set(episode_ids)
    running = [one for one in bridge.view.snapshot.workers if one.episode_id in wanted]
    if not running:
        bridge.toast("Nothing of what is chosen is being downloaded.", "warning")
        return False
    asks = len(running) > 1 or not keep_parts
    if asks and not await app.push_screen_wait(Confirm(_question(running, keep_parts))):
        return False
    ids = tuple(worker.episode_id for worker in running if worker.episode_id is not None)
    result = await bridge.ask(CancelDownloads(ids, keep_parts=keep_parts))
    retry = key_of("episodes.retry", bridge.keys)
    stays = f"; {retry} on the episode goes on from here if its host can" if keep_parts else ""
    done = result.affected > 0
    bridge.toast(f"{result.text}{stays if done else ''}", "information" if result.ok else "error")
    if done and keep_parts:
        refused = {number for number, _ in result.refused}
        ended = tuple(number for number in ids if number not in refused)
        bridge.offer_undo(f"{counted(len(ended), 'download')} cancelled", RetryEpisode(ended))
    return done


def of_feeds(bridge: Bridge, feed_ids: Sequence[int]) -> tuple[int, ...]:
    """Return the episodes of some feeds that are being downloaded."""
    wanted = set(feed_ids)
    workers = bridge.view.snapshot.workers
    return tuple(
        one.episode_id for one in workers if one.episode_id is not None and one.feed_id in wanted
    )


def _question(running: Sequence[WorkerView], keep_parts: bool) -> Question:
    number = len(running)
    impact: list[Content] = [
        *(line((f"  {worker.title}", "$quiet")) for worker in running[:_NAMED]),
        *([line((f"  … and {count(number - _NAMED)} more", "$quiet"))] if number > _NAMED else []),
        line(),
        line("They end at their next byte, and their episodes are skipped."),
    ]
    if keep_parts:
        impact.append(line("What came stays, where the host can go on from there."))
        impact.append(line("It can be undone for a minute (u)."))
    else:
        impact.append(line("What came is deleted: a retry (R on the episode) begins anew."))
    verb = "Cancel" if keep_parts else "Cancel and delete"
    return Question(
        title=f"{verb} {counted(number, 'download')}?",
        impact=impact,
        verb=f"{verb} {count(number)}",
        number=number,
        grave=not keep_parts,
    )
