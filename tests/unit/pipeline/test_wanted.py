"""Which new episodes are fetched."""

from __future__ import annotations

import pytest

from podfetch_tui.model.document import Enclosure, Item
from podfetch_tui.model.episode import Draft, EpisodeState
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.pipeline.wanted import decide, refusal

BOTH = ("audio", "video")


def draft(published: int | None, url: str = "http://a.example/1.mp3") -> Draft:
    return Draft(item=Item(published=published), enclosure=Enclosure(url=url), keys=())


def pending(drafts: list[Draft], backlog: Backlog, *, first: bool = True) -> list[int]:
    states, reasons = decide(tuple(drafts), backlog=backlog, first=first, accept=BOTH)
    assert all(
        (state is EpisodeState.SKIPPED) == bool(reason)
        for state, reason in zip(states, reasons, strict=True)
    )
    return [index for index, state in enumerate(states) if state is EpisodeState.PENDING]


def test_all_of_the_backlog_is_wanted_by_default() -> None:
    assert pending([draft(3), draft(2), draft(None)], Backlog()) == [0, 1, 2]


def test_none_of_the_backlog_still_takes_what_comes_later() -> None:
    none = Backlog(BacklogKind.NONE)
    assert pending([draft(3), draft(2)], none) == []
    assert pending([draft(3), draft(2)], none, first=False) == [0, 1]


def test_the_newest_are_chosen_by_date_whatever_their_order() -> None:
    newest = Backlog(BacklogKind.NEWEST, count=2)
    assert pending([draft(1), draft(9), draft(5)], newest) == [1, 2]


def test_since_a_date_keeps_what_has_no_date() -> None:
    since = Backlog(BacklogKind.SINCE, since=5)
    assert pending([draft(4), draft(5), draft(None)], since) == [1, 2]
    assert pending([draft(4)], since, first=False) == []


@pytest.mark.parametrize(
    ("url", "media_type", "accept", "is_refused"),
    [
        ("http://a.example/1.mp3", "", BOTH, False),
        ("http://a.example/1.mp3", "video/webm", ("audio",), False),
        ("http://a.example/1.mp4", "video/mp4", ("audio",), True),
        ("http://a.example/1", "image/jpeg", BOTH, True),
        ("http://a.example/1.mp3", "text/html", BOTH, False),
        ("http://a.example/1", "application/octet-stream", BOTH, False),
        ("http://a.example/1", "none", BOTH, False),
        ("http://a.example/x.pdf", "application/pdf", BOTH, True),
        ("ftp://a.example/1.mp3", "audio/mpeg", BOTH, True),
        ("file:///etc/passwd", "audio/mpeg", BOTH, True),
        ("not a url", "audio/mpeg", BOTH, True),
        ("http://a.example/1.MP4?x=.mp3#.mp3", "", ("audio",), True),
        ("http://a.mp4", "", ("audio",), False),
    ],
)
def test_media_is_told_by_extension_then_type(
    url: str, media_type: str, accept: tuple[str, ...], is_refused: bool
) -> None:
    assert bool(refusal(Enclosure(url=url, media_type=media_type), accept)) == is_refused
