"""What is done to feeds in quarantine: many only after a question, all undoable for a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App
from textual.content import Content

from podfetch_tui.model.commands import ActOnFeeds, Carry, ProbeFeed, Undo
from podfetch_tui.model.decisions import Decided, FeedAsk, FeedDecision
from podfetch_tui.model.edits import EditFeed
from podfetch_tui.model.figures import count, span
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import counted, redact
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.release import stagger
from podfetch_tui.policy.urls import normalise_url
from podfetch_tui.system.decoding import from_json
from podfetch_tui.ui.bridge import ACTOR, PROBING, Bridge
from podfetch_tui.ui.dialogs.confirm import Choice, Confirm, Question
from podfetch_tui.ui.dialogs.form import Field, Form
from podfetch_tui.ui.feed_actions import report
from podfetch_tui.ui.feed_edit import allowed_networks, tell_of_lists
from podfetch_tui.ui.keymap import key_of
from podfetch_tui.ui.probe_round import MOST_PROBED, Probed
from podfetch_tui.ui.probed import found
from podfetch_tui.ui.quarantine_rows import QuarantineRow, quarantine_row
from podfetch_tui.ui.snoozing import ask_until
from podfetch_tui.ui.widgets.text import line

_AT_A_TIME = 500
_NAMED = 3
"""Feeds that a question names."""
SPREAD_MS = 15 * 60_000
_SPREAD_FROM = 100
"""So many released feeds are spread unless the operator unticks it."""
_SPREAD, _ANSWERING = "spread", "answering"
_WHAT_HAPPENS = {
    FeedDecision.RELEASE: "They are on probation: one failure sends them back.",
    FeedDecision.SNOOZE: "They stay in quarantine and are not probed until then.",
    FeedDecision.RETIRE: "They are never polled again; their files and history stay.",
}


async def decide(
    app: App[Any],
    bridge: Bridge,
    feed_ids: Sequence[int],
    decision: FeedDecision,
    drawn: Mapping[int, QuarantineRow],
) -> bool:
    """Ask where more than one changes, carry it out, and offer to undo it.

    Each feed is named with the time since which it was seen in quarantine: one that changed
    meanwhile is refused with its new state.

    Args:
        app: Shows the question.
        bridge: The way to the engine.
        feed_ids: The chosen feeds.
        decision: What is done.
        drawn: Rows as the operator saw them, as far as they are at hand.

    Returns:
        Whether anything was tried.
    """
    now = {row.id: row for row in await rows_of(bridge, feed_ids)}
    rows = [found for one in feed_ids if (found := drawn.get(one) or now.get(one)) is not None]
    until = None
    if decision is FeedDecision.SNOOZE:
        until = await ask_until(app, bridge)
        if until is None:
            return False
    ticked: frozenset[str] = frozenset()
    if len(rows) > 1:
        dialog = Confirm(await _question(bridge, rows, decision))
        if not await app.push_screen_wait(dialog):
            return False
        ticked = dialog.ticked
    if _ANSWERING in ticked:
        feed_ids = await _answering(bridge, feed_ids)
        if not feed_ids:
            return False
    seen = {row.id: row.seen for row in rows}
    ask = FeedAsk(
        feed_ids=tuple(feed_ids),
        decision=decision,
        seen=tuple(seen.get(one, 0) for one in feed_ids),
        until=until,
        over_ms=SPREAD_MS if _SPREAD in ticked else None,
        actor=ACTOR,
    )
    report(bridge, decision, await bridge.ask(ActOnFeeds(ask)))
    return True


async def _answering(bridge: Bridge, feed_ids: Sequence[int]) -> Sequence[int]:
    """Probe feeds and return those that answer; none when that is not known of all."""
    if refusal := bridge.probes.refusal(len(feed_ids)):
        bridge.toast(refusal, "error")
        return ()
    probed = await bridge.probes.look(feed_ids)
    well = [one for one in feed_ids if one in probed.reports and probed.reports[one].answers]
    if probed.is_stopped:
        bridge.toast(f"Nothing is released: {probed.rest}.", "warning", topic=PROBING)
        return ()
    text = f"{count(len(well))} of {counted(len(feed_ids), 'feed')} answered"
    said = "; ".join(one for one in (text, probed.rest) if one)
    is_whole = len(well) == len(feed_ids)
    stay = "" if is_whole else "; the others stay in quarantine"
    bridge.toast(f"{said}{stay}.", "information" if is_whole else "warning", topic=PROBING)
    return well


async def edit_url(app: App[Any], bridge: Bridge, row: QuarantineRow, found_at: str) -> bool:
    """Ask for another URL, look at it, and poll the feed there once that is confirmed.

    Args:
        app: Shows form and question.
        bridge: The way to the engine.
        row: The feed, as the operator saw it.
        found_at: Where its redirects led at the last look; may be empty.

    Returns:
        Whether it was changed, or refused because the feed is another by now.
    """
    networks = parse_networks(await allowed_networks(bridge))
    shown = redact(row.url)
    field = Field(
        name="url",
        label="URL",
        # One with a secret is not shown, so it cannot be edited, only replaced.
        value=found_at or (row.url if shown == row.url else ""),
        hint=f"instead of {shown}",
        always=True,
        check=lambda text: normalise_url(text, allow=networks),
    )
    answer = await app.push_screen_wait(Form(f"Another URL for feed {row.id}", [field], "Look"))
    if not answer:
        return False
    url = normalise_url(answer["url"], allow=networks)
    bridge.toast("Looking at the new URL …")
    result = await bridge.ask(ProbeFeed(feed_id=row.id, url=url, actor=ACTOR))
    if result.probe is None:
        bridge.toast(result.text, "error")
        return False
    if not await app.push_screen_wait(Confirm(_url_question(row, url, result.probe))):
        return False
    edit = EditFeed(feed_id=row.id, at=bridge.now, actor=ACTOR, seen=row.seen, url=url)
    done = await bridge.ask(Carry((edit,)))
    text = f"feed {row.id} is polled at {redact(url)}, on probation"
    bridge.toast(text if done.ok else done.text, "information" if done.ok else "error")
    if done.ok and done.carried:
        decided = from_json(done.carried[0].receipt, Decided)
        if decided.operation:
            bridge.offer_undo(
                f"URL of feed {row.id}", Undo(operation=decided.operation, actor=ACTOR)
            )
        await tell_of_lists(bridge, row.id)
    return True


def _url_question(row: QuarantineRow, url: str, found: ProbeReport) -> Question:
    known = found.known_items
    impact = [
        line(("old  ", "$quiet"), redact(row.url)),
        line(("new  ", "$quiet"), redact(url)),
        line(),
        line(("there: ", "bold"), (found.said, "$success" if found.ok else "$error")),
    ]
    if found.ok and found.items and not known:
        impact.append(line(("None of its items is known: it may be another feed.", "$warning")))
    if found.final_url and found.final_url != redact(url):
        impact.append(line(("answered from ", "$quiet"), found.final_url))
    impact += [line(), line("It is polled there now, on probation; the old URL is remembered.")]
    return Question(
        title=f"Poll feed {row.id} there?", impact=impact, verb="Save", grave=not found.ok
    )


async def probe(bridge: Bridge, feed_id: int) -> ProbeReport | None:
    """Look at a feed without consequences, and say what came."""
    bridge.toast("Probing …", topic=PROBING)
    result = await bridge.ask(ProbeFeed(feed_id=feed_id, actor=ACTOR))
    if result.probe is None:
        bridge.toast(result.text, "error")
        return None
    text = found(result.probe, bridge.program, release="R")
    bridge.toast(text, "information" if result.probe.ok else "warning")
    return result.probe


def say_probed(bridge: Bridge, probed: Probed, well: int, *, are_selected: bool) -> None:
    """Say what came of a round of probes, of which ``well`` answered."""
    text = f"{count(well)} of {counted(len(probed.reports), 'feed')} answered"
    if are_selected:
        key = key_of("quarantine.release", bridge.keys)
        them = (
            f"it is selected, {key} releases it"
            if well == 1
            else f"they are selected, {key} releases them"
        )
        text += f": {them}"
    elif well:
        text += "; what you selected meanwhile stays selected"
    said = "; ".join(one for one in (text, probed.rest) if one)
    is_well = well > 0 and not probed.rest
    bridge.toast(f"{said}.", "information" if is_well else "warning", topic=PROBING)


async def rows_of(bridge: Bridge, feed_ids: Sequence[int]) -> list[QuarantineRow]:
    """Return the rows of feeds as they are now, but for those that left quarantine."""
    found: list[QuarantineRow] = []
    for first in range(0, len(feed_ids), _AT_A_TIME):
        part = tuple(feed_ids[first : first + _AT_A_TIME])
        page = await bridge.query(PageRequest(kind="quarantine", ids=part))
        found += [quarantine_row(row) for row in page.rows]
    return found


async def _question(
    bridge: Bridge, rows: Sequence[QuarantineRow], decision: FeedDecision
) -> Question:
    number = count(len(rows))
    causes = Counter(row.cause or row.reason for row in rows)
    hosts = {row.host for row in rows}
    impact: list[Content] = [
        line(", ".join(f"{count(n)} {cause}" for cause, n in causes.most_common(_NAMED))),
        line(f"at {counted(len(hosts), 'host')}"),
        *(line((f"  {row.name}", "$quiet")) for row in rows[:_NAMED]),
    ]
    if len(rows) > _NAMED:
        impact.append(line((f"  … and {count(len(rows) - _NAMED)} more", "$quiet")))
    impact.append(line())
    if decision is FeedDecision.RELEASE:
        impact.append(line(await _waves(bridge, rows)))
    impact.append(line(_WHAT_HAPPENS[decision], " It can be undone for a minute (u)."))
    verb = decision.value.capitalize()
    return Question(
        title=f"{verb} {number} feeds?",
        impact=impact,
        verb=f"{verb} {number}",
        number=len(rows),
        choices=_choices(len(rows)) if decision is FeedDecision.RELEASE else (),
    )


def _choices(number: int) -> tuple[Choice, ...]:
    """Return how a release of so many feeds may be done."""
    spread = Choice(
        name=_SPREAD,
        text="poll them evenly over 15 minutes instead",
        is_on=number >= _SPREAD_FROM,
    )
    probe = Choice(name=_ANSWERING, text="only those that answer: each is probed once before")
    return (probe, spread) if number <= MOST_PROBED else (spread,)


async def _waves(bridge: Bridge, rows: Sequence[QuarantineRow]) -> str:
    """Say how long a release takes under the limits that hold."""
    page = await bridge.query(PageRequest(kind="settings", limit=1000))
    values = {row["key"]: row["value"] for row in page.rows}
    per_host = int(str(values.get("engine.per_host") or 2))
    overall = int(str(values.get("engine.batch_min") or 50))
    hosts = [row.host for row in rows]
    last = max(stagger(hosts, now=0, per_host=per_host, overall=overall))
    if not last:
        return "They are polled now."
    return (
        f"They are polled in waves, {per_host} of a host and {overall} in all every 30 s:"
        f" the last in {span(last / 1000)}."
    )
