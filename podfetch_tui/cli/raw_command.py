"""``podfetch feeds raw``: a feed's document as it came."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import click

from podfetch_tui.catalog.feed_bodies import KeptBody, feed_body_of
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import choose_feeds
from podfetch_tui.cli.output import document, say
from podfetch_tui.model.errors import UsageError
from podfetch_tui.system.durable import umask, write_atomic
from podfetch_tui.system.times import rfc3339


@click.command("raw")
@click.argument("feed")
@click.option("-o", "--output", metavar="FILE", default=None, help="Write it there, not to stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print what is known of it, not the bytes.")
@click.pass_context
def raw_command(ctx: click.Context, *, feed: str, output: str | None, as_json: bool) -> None:
    """Print a feed's document byte for byte, as it came at the last poll that changed it."""
    with archives.reading_for(ctx.obj) as (_, catalog, _):
        (feed_id,) = choose_feeds(catalog, (feed,))
        try:
            kept = feed_body_of(catalog, feed_id)
        except zlib.error:
            say(f"the kept document of feed {feed_id} is damaged; the next change replaces it")
            ctx.exit(1)
    if kept is None:
        say(f"no document of feed {feed_id} is kept yet; it is at its first good poll")
        ctx.exit(1)
    if output is not None:
        _write(Path(output), kept.body)
    if as_json:
        document(_facts(feed_id, kept))
    elif output is None:
        sys.stdout.buffer.write(kept.body)
        sys.stdout.buffer.flush()


def _write(path: Path, body: bytes) -> None:
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.absolute().parent}")
    write_atomic(path.absolute(), body, 0o666 & ~umask())
    say(f"{len(body):,} bytes in {path}")


def _facts(feed_id: int, kept: KeptBody) -> dict[str, object]:
    return {
        "feed_id": feed_id,
        "at": rfc3339(kept.at),
        "bytes": len(kept.body),
        "sha256": kept.sha256.hex(),
        "content_type": kept.content_type or None,
    }
