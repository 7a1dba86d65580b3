"""``podfetch feeds accept-removals``: what is gone from a list may be paused, however much."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from podfetch_tui.catalog.list_members import Member, list_states, would_pause
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import lists
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.decide import confirm
from podfetch_tui.cli.output import document, say
from podfetch_tui.config.sources import list_name
from podfetch_tui.engine.feed_lists import ListFile, read_files, take_lists
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted, redact

MOST_SHOWN = 20


class _Gone(msgspec.Struct, frozen=True):
    """The feeds that a list names no more, and that would be paused."""

    file: ListFile
    feeds: tuple[Member, ...]


@click.command("accept-removals")
@click.argument("names", nargs=-1, metavar="[LIST…]")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def accept_command(
    context: Context, *, names: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Pause the feeds that are gone from lists of [feeds] lists, however many they are.

    Without LIST, from every list whose removals are held. The lists are read again first:
    what they say now counts. Nothing is deleted, and a line that returns resumes its feed.
    """
    settings = load_settings(context).settings
    with archives.reading(settings) as (_, catalog):
        found = _gone(catalog, settings, names)
    count = sum(len(gone.feeds) for gone in found)
    if not as_json:
        _show(found)
    if dry_run or not count:
        say(f"{counted(count, 'feed')} would be paused (dry run)" if dry_run else "nothing is held")
    else:
        confirm(count, "pause", "feeds", yes=yes)
        files = [gone.file for gone in found]
        with archives.deciding(settings, create=False) as archive:
            outcomes = take_lists(files, archive.writer, archive.clock, accept=True)
        lists.report_outcomes(outcomes)
    if as_json:
        document({"paused": count, "dry_run": dry_run, "lists": [_row(gone) for gone in found]})


def _gone(catalog: Catalog, settings: Settings, names: tuple[str, ...]) -> list[_Gone]:
    """Read the lists that are meant again, and compare.

    Raises:
        UsageError: One is not configured, or cannot be read.
    """
    configured = {list_name(Path(path)): path for path in settings.feeds.lists}
    wanted = [list_name(Path(name)) for name in names]
    for name, given in zip(wanted, names, strict=True):
        if name not in configured:
            known = ", ".join(configured) or "there is none"
            raise UsageError(f"{given} is not one of [feeds] lists: {known}")
    if not names:
        wanted = [
            name
            for name, state in list_states(catalog).items()
            if state.held and name in configured
        ]
    files = read_files([configured[name] for name in wanted], settings.network.allow_private)
    found = []
    for file in files:
        if file.feeds is None:
            raise UsageError(f"{file.problem}; nothing was paused")
        urls = [*[feed.url for feed in file.feeds.entries], *file.feeds.mentioned]
        found.append(_Gone(file, would_pause(catalog, file.name, urls)))
    return found


def _show(found: list[_Gone]) -> None:
    for gone in found:
        missing = counted(len(gone.feeds), "feed is", "feeds are")
        say(f"{gone.file.name}: {missing} not in it any more")
        for feed in gone.feeds[:MOST_SHOWN]:
            say(f"  {feed.id} {redact(feed.url)} {feed.title}")
        if len(gone.feeds) > MOST_SHOWN:
            say(f"  … and {len(gone.feeds) - MOST_SHOWN} more")


def _row(gone: _Gone) -> dict[str, object]:
    feeds = [{"id": feed.id, "url": redact(feed.url), "title": feed.title} for feed in gone.feeds]
    return {"list": gone.file.name, "feeds": feeds}
