"""Looking at chosen feeds without changing them: probes, addresses, places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from textual.app import App

from podfetch_tui.model.commands import ProbeFeed
from podfetch_tui.model.errors import Failure, PodfetchError
from podfetch_tui.model.figures import count
from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.ui.bridge import Bridge
from podfetch_tui.ui.dialogs.box import Box
from podfetch_tui.ui.feed_actions import ACTOR, LOOKED_AT, rows_of
from podfetch_tui.ui.probed import found
from podfetch_tui.ui.widgets.text import harmless_line

MOST_PROBED = 100
"""Each takes as long as its feed does, up to a minute."""
_NAME = 60
_RELEASE = "R on Quarantine (3)"
_COPIED = "In the clipboard, if the terminal takes it (OSC 52); secrets are left out."


async def probe(bridge: Bridge, feed_ids: Sequence[int]) -> None:
    """Fetch feeds once, one after the other, and say what came; nothing changes."""
    if len(feed_ids) > MOST_PROBED:
        most = count(MOST_PROBED)
        bridge.toast(f"At most {most} feeds are probed at once: select fewer, or filter", "error")
        return
    many = len(feed_ids) > 1
    bridge.toast(f"Probing {count(len(feed_ids))} feeds …" if many else "Probing …")
    reports: list[ProbeReport] = []
    for feed_id in feed_ids:
        result = await bridge.ask(ProbeFeed(feed_id=feed_id, actor=ACTOR))
        if result.probe is None:
            bridge.toast(result.text, "error")
            return
        reports.append(result.probe)
    if many:
        _say_all(bridge, reports)
    else:
        for report in reports:
            name = harmless_line(report.title or report.url, _NAME)
            text = found(report, bridge.program, release=_RELEASE)
            bridge.toast(f"{name}: {text}", "information" if report.ok else "warning")


def _say_all(bridge: Bridge, reports: Sequence[ProbeReport]) -> None:
    kinds = Counter(report.code for report in reports)
    text = ", ".join(f"{count(n)} {code}" for code, n in kinds.most_common())
    first = next((report for report in reports if not report.ok), None)
    if first is not None:
        text += f"; the first: {harmless_line(first.title or first.url, _NAME)}: {first.said}"
    bridge.toast(
        f"{count(len(reports))} feeds probed: {text}", "information" if first is None else "warning"
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
