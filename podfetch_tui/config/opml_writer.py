"""Feeds to an OPML list that this program and others read.

A feed stands in the folders it came from or, if it came from none, in one of the name of its
first tag; everything else that we know of it are attributes of our namespace. Folders of one
name are one, so a feed may stand elsewhere than in the archive: then its place is written, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from podfetch_tui.config.columns import URL, cells_of, tags_text
from podfetch_tui.config.opml import NAMESPACE, ORDER, PREFIX
from podfetch_tui.model.writes import NewFeed

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_HEAD = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0" xmlns:{PREFIX}="{NAMESPACE}">
  <head>
    <title>Feeds</title>
  </head>
  <body>
"""
_TAIL = """\
  </body>
</opml>
"""


class _Folder:
    """A folder of the list: its folders by name, and the places of its feeds."""

    __slots__ = ("feeds", "folders")

    def __init__(self) -> None:
        self.folders: dict[str, _Folder] = {}
        self.feeds: list[int] = []


def opml_text(feeds: Sequence[NewFeed]) -> Iterator[str]:
    """Yield the document piece by piece."""
    root = _Folder()
    for place, feed in enumerate(feeds):
        here = root
        for name in feed.tags[: _depth(feed)]:
            here = here.folders.setdefault(name, _Folder())
        here.feeds.append(place)
    as_they_are = list(range(len(feeds)))
    with_order = list(_places(root)) != as_they_are
    yield _HEAD
    yield from _outlines(root, feeds, with_order=with_order, indent="    ")
    yield _TAIL


def _depth(feed: NewFeed) -> int:
    return feed.folders or min(1, len(feed.tags))


def _places(folder: _Folder) -> Iterator[int]:
    yield from folder.feeds
    for inner in folder.folders.values():
        yield from _places(inner)


def _outlines(
    folder: _Folder, feeds: Sequence[NewFeed], *, with_order: bool, indent: str
) -> Iterator[str]:
    for place in folder.feeds:
        order = place if with_order else None
        pairs = " ".join(
            f'{key}="{value.translate(_ESCAPES)}"' for key, value in _pairs(feeds[place], order)
        )
        yield f"{indent}<outline {pairs}/>\n"
    for name, inner in folder.folders.items():
        yield f'{indent}<outline text="{name.translate(_ESCAPES)}">\n'
        yield from _outlines(inner, feeds, with_order=with_order, indent=f"{indent}  ")
        yield f"{indent}</outline>\n"


def _pairs(feed: NewFeed, order: int | None) -> Iterator[tuple[str, str]]:
    """Yield the attributes of a feed's outline."""
    cells = cells_of(feed)
    yield "type", "rss"
    yield "text", feed.title or feed.url
    if feed.title:
        yield "title", feed.title
    yield "xmlUrl", cells.pop(URL)
    cells["tags"] = tags_text(feed.tags[_depth(feed) :])
    for name in ("title", "folders"):
        cells.pop(name, None)
    if feed.enabled:
        cells.pop("enabled", None)
    if order is not None:
        cells[ORDER] = str(order)
    for key, cell in cells.items():
        if cell:
            yield f"{PREFIX}:{key}", cell
