"""``podfetch export``: the feeds of the archive as a list that ``import`` reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from podfetch_tui.catalog.feed_lines import feed_lines
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import choose_feeds
from podfetch_tui.cli.context import Context
from podfetch_tui.cli.output import say
from podfetch_tui.config.list_writer import FORMATS, list_text
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.text import counted, without_secrets
from podfetch_tui.model.writes import NewFeed
from podfetch_tui.system.durable import umask, write_atomic

_PRIVATE = 0o600


@click.command("export")
@click.argument("form", metavar="opml|csv|json|jsonl", type=click.Choice(FORMATS))
@click.argument("filters", nargs=-1, metavar="[FILTER…]")
@click.option("-o", "--output", metavar="FILE", default=None, help="Write it there, not to stdout.")
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Keep passwords and secret query values in the URLs; a file is written for you alone.",
)
@click.pass_obj
def export_command(
    context: Context,
    *,
    form: str,
    filters: tuple[str, ...],
    output: str | None,
    with_secrets: bool,
) -> None:
    """Write the feeds as a list that `podfetch import` reads; FILTER names some of them."""
    with archives.reading_for(context) as (_, catalog, _):
        only = choose_feeds(catalog, filters) if filters else None
        feeds = tuple(feed_lines(catalog, only=only))
    if not with_secrets:
        feeds = _plain(feeds)
    text = list_text(feeds, form)
    if output is None:
        _print(text)
        say(counted(len(feeds), "feed"))
        return
    _write(Path(output), "".join(text).encode(), mode=_PRIVATE if with_secrets else None)
    say(f"{counted(len(feeds), 'feed')} in {output}")


def _plain(feeds: tuple[NewFeed, ...]) -> tuple[NewFeed, ...]:
    """Take the secrets out of the URLs, and say so."""
    bare = [without_secrets(feed.url) for feed in feeds]
    changed = sum(url != feed.url for url, feed in zip(bare, feeds, strict=True))
    if not changed:
        return feeds
    say(
        f"secrets were left out of {counted(changed, 'URL')}, which may not be fetched without"
        " them; --with-secrets keeps them in"
    )
    return tuple(
        msgspec.structs.replace(feed, url=url) for feed, url in zip(feeds, bare, strict=True)
    )


def _print(text: Iterable[str]) -> None:
    for piece in text:
        sys.stdout.buffer.write(piece.encode())
    sys.stdout.buffer.flush()


def _write(path: Path, data: bytes, *, mode: int | None) -> None:
    """Make ``path`` hold ``data``, whole or not at all; a link is followed.

    Raises:
        UsageError: It cannot be written.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: it is not a regular file; leave -o out to print the list")
    try:
        write_atomic(path, data, 0o666 & ~umask() if mode is None else mode)
    except Failure as failure:
        raise UsageError(f"{path}: {failure}") from failure
