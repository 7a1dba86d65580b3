"""Looking at chosen feeds without changing them: probes, addresses, places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from textual.app import App

from podfetch_tui.model.commands import ProbeFeed
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.model.text import counted
from podfetch_tui.ui.bridge import ACTOR, PROBING, Bridge
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.feed_actions import LOOKED_AT, rows_of
from podfetch_tui.ui.probe_round import Probed
from podfetch_tui.ui.probed import found
from podfetch_tui.ui.widgets.text import harmless_line

_NAME = 60
_RELEASE = "R on Quarantine (3)"
_COPIED = "In the clipboard, if the terminal takes it (OSC 52); secrets are left out."


async def probe(bridge: Bridge, feed_ids: Sequence[int]) -> None:
    """Fetch feeds once, one after the other, and say what came; nothing changes."""
    if refusal := bridge.probes.refusal(len(feed_ids)):
        bridge.toast(refusal, "error")
    elif len(feed_ids) > 1:
        say_all(bridge, await bridge.probes.look(feed_ids))
    else:
        await _probe_one(bridge, feed_ids[0])


async def _probe_one(bridge: Bridge, feed_id: int) -> None:
    bridge.toast("Probing …", topic=PROBING)
    result = await bridge.ask(ProbeFeed(feed_id=feed_id, actor=ACTOR))
    report = result.probe
    if report is None:
        bridge.toast(result.text, "error")
        return
    name = harmless_line(report.title or report.url, _NAME)
    text = found(report, bridge.program, release=_RELEASE)
    bridge.toast(f"{name}: {text}", "information" if report.ok else "warning")


def say_all(bridge: Bridge, probed: Probed) -> None:
    """Say what came of a round of probes."""
    reports = list(probed.reports.values())
    kinds = Counter(report.code for report in reports)
    text = ", ".join(f"{count(n)} {code}" for code, n in kinds.most_common())
    first = next((report for report in reports if not report.ok), None)
    if first is not None:
        text += f"; the first: {harmless_line(first.title or first.url, _NAME)}: {first.said}"
    said = [f"{counted(len(reports), 'feed')} probed{f': {text}' if text else ''}", probed.rest]
    is_well = first is None and not probed.rest
    bridge.toast(
        "; ".join(one for one in said if one),
        "information" if is_well else "warning",
        topic=PROBING,
    )


async def copy(app: App[Any], bridge: Bridge, feed_ids: Sequence[int]) -> None:
    """Hand the addresses of feeds to the terminal's clipboard, and show them."""
    try:
        rows = await rows_of(bridge, feed_ids[:LOOKED_AT])
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return
    urls = [row.url for row in rows]
    if not urls:
        return
    left = len(feed_ids) - len(urls)
    note = f"{_COPIED} {count(left)} more are not among them." if left else _COPIED
    note += f" `{bridge.program} export opml -o FILE` writes all feeds as a list."
    app.copy_to_clipboard("\n".join(harmless_line(url, 8192) for url in urls))
    title = "Address" if len(urls) == 1 else f"{count(len(urls))} addresses"
    app.push_screen(Box(title, urls, note=note, url=urls[0] if len(urls) == 1 else ""))


async def place(app: App[Any], bridge: Bridge, feed_id: int) -> None:
    """Show where a feed is polled and where its files are."""
    try:
        page = await bridge.query(PageRequest(kind="feed", feed_id=feed_id))
    except (Failure, PodfetchError) as error:
        bridge.toast(str(error), "error")
        return
    for row in page.rows:
        url, archive, folder = str(row["url"]), bridge.view.snapshot.archive, row.get("folder")
        lines = [url]
        if row.get("page_url"):
            lines.append(str(row["page_url"]))
        lines.append(f"{archive}/{folder}" if folder else f"{archive} (no folder chosen yet)")
        moved = row.get("move")
        if isinstance(moved, dict):
            lines.append(f"says that it moves to {moved.get('url')}")
        app.push_screen(
            Box("Address, page and folder", lines, note="Secrets are left out.", url=url)
        )
