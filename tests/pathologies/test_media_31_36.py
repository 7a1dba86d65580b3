"""Media as real hosts serve it: bytes that change, ranges that lie, names that are junk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.archive import make_due, run_once, settings_for
from support.shows import body_of, episodes_of, files_in, good, media_path, show, stored

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route, changing, in_turn, web_page

BIG = 400_000
CUT = 300_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def test_31_other_bytes_at_every_request_are_one_episode(host: PodcastHost, tmp_path: Path) -> None:
    answer = changing(lambda count: Media(f"rendition {count}", 20_000 + 500 * count), good("a", 1))
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: answer}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == Media("rendition 0", 20_000).read(0, 20_000)
    make_due(settings)
    run_once(settings)
    assert len(host.asked(media_path("a", 1))) == 1


def test_31_other_bytes_after_a_break_begin_at_0(host: PodcastHost, tmp_path: Path) -> None:
    def answer(request: Request) -> Route:
        size = BIG + 1000 * request.count
        cut = CUT if request.count == 0 else None
        etag = f'"{request.count}"'
        return good("a", 1, etag=etag, reset_at=cut, body=Media(etag, size))

    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: answer}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == Media('"1"', BIG + 1000).read(0, BIG + 1000)
    assert [served.status for served in host.asked(media_path("a", 1))] == [200, 200]


@pytest.mark.parametrize("lie", ["validators", "everything"])
def test_32_a_resume_never_splices_two_renditions(
    host: PodcastHost, tmp_path: Path, lie: str
) -> None:
    """The host gives the same ETag to every rendition, and even answers If-Range with 206."""
    first = good("a", 1, BIG, body=Media("one", BIG), reset_at=CUT)
    second = good("a", 1, BIG, body=Media("two", BIG), ignore_if_range=lie == "everything")
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: in_turn(first, second)}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == Media("two", BIG).read(0, BIG)
    assert row["validity"] == "valid"


def test_32_a_rendition_that_keeps_breaking_is_not_resumed_for_ever(
    host: PodcastHost, tmp_path: Path
) -> None:
    def answer(request: Request) -> Route:
        cut = CUT if request.count < 9 else None
        body = Media(f"rendition {request.count}", BIG)
        return good("a", 1, BIG, body=body, reset_at=cut, ignore_if_range=True)

    settings = settings_for(tmp_path / "archive", retry={"attempts": 12})
    run_once(settings, show(host, "a", {1: answer}))
    (row,) = episodes_of(settings)
    served = [request.status for request in host.asked(media_path("a", 1))]
    assert stored(settings, row) in (
        Media(f"rendition {count}", BIG).read(0, BIG) for count in range(len(served))
    )
    assert served.count(206) <= 2


LIES = {
    "the whole instead of the rest": {"ranges": False},
    "a start before what was asked for": {"content_range": f"bytes 0-{BIG - 1}/{BIG}"},
    "a start after what was asked for": {"content_range": f"bytes {CUT}-{BIG - 1}/{BIG}"},
    "another total": {"content_range": f"bytes {CUT - 65536}-{BIG - 1}/{BIG + 7}"},
    "no total": {"content_range": f"bytes {CUT - 65536}-{BIG - 1}/*"},
    "no range at all": {"content_range": "bytes"},
    "another unit": {"content_range": f"items {CUT - 65536}-{BIG - 1}/{BIG}"},
    "several parts": {"content_type": "multipart/byteranges; boundary=x"},
}


@pytest.mark.parametrize("lie", LIES)
def test_33_a_range_that_lies_ends_in_the_right_bytes(
    host: PodcastHost, tmp_path: Path, lie: str
) -> None:
    cut = good("a", 1, BIG, reset_at=CUT)
    lying = replace(good("a", 1, BIG), **LIES[lie])  # type: ignore[arg-type]
    url = show(host, "a", {1: in_turn(cut, lying, good("a", 1, BIG))})
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, BIG)
    assert len(host.asked(media_path("a", 1))) <= 3


def test_33_a_416_for_the_rest_begins_at_0(host: PodcastHost, tmp_path: Path) -> None:
    refuse = Route(status=416, headers=(("Content-Range", f"bytes */{CUT}"),))
    answers = in_turn(good("a", 1, BIG, reset_at=CUT), refuse, good("a", 1, BIG))
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: answers}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1, BIG)


PAGES = {
    "a login page": web_page(content_type="audio/mpeg"),
    "an error of 65 KB": Route(body=b"<html>" + b"error " * 11_000, content_type="audio/mpeg"),
    "plain text": Route(body=b"Sorry, this file is not available.\n", content_type="audio/mpeg"),
    "JSON": Route(body=b'{"error": "quota exceeded"}', content_type="audio/mpeg"),
    "XML of a store": Route(
        body=b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        content_type="audio/mpeg",
    ),
    "nothing": Route(body=b"", content_type="audio/mpeg"),
}


@pytest.mark.parametrize("page", PAGES)
def test_34_a_page_in_place_of_audio_is_never_stored(
    host: PodcastHost, tmp_path: Path, page: str
) -> None:
    url = show(host, "a", {2: PAGES[page]}, count=2)
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    first, second = episodes_of(settings)
    assert first["state"] == "archived"
    assert second["state"] == "failed"
    assert second["family"] == "malformed"
    assert len(files_in(settings)) == 2  # of the other episode
    assert list((tmp_path / "archive" / ".podfetch" / "parts").iterdir()) == []
    assert len(host.asked(media_path("a", 2))) == 1, "it was asked for again at once"


@pytest.mark.parametrize(
    "told",
    ["text/plain", "application/octet-stream", "video/mpeg", "text/html; charset=utf-8", "mp3", ""],
)
def test_35_the_bytes_say_what_a_file_is_not_the_host(
    host: PodcastHost, tmp_path: Path, told: str
) -> None:
    settings = settings_for(tmp_path / "archive")
    url_of = host.url("/media/a/{n}.mp3", "127.0.0.9")
    run_once(settings, show(host, "a", {1: good("a", 1, content_type=told)}, url_of=url_of))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)
    assert row["media_type"] == "audio/mpeg"
    assert row["path"].endswith(".mp3")


def test_35_an_extension_that_lies_is_put_right(host: PodcastHost, tmp_path: Path) -> None:
    url = show(host, "a", url_of=host.url("/wrong/{n}.mpeg", "127.0.0.9"))
    host.table.routes["/wrong/1.mpeg"] = Route(
        body=Media("m4a", 60_000, kind="m4a"), content_type="audio/mpeg"
    )
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    (row,) = episodes_of(settings)
    assert stored(settings, row)
    assert row["media_type"] == "audio/mp4"
    assert row["path"].endswith(".m4a")


@pytest.mark.parametrize(
    "field",
    [
        'attachment; filename="name.mp3?dest-id=1234"',
        'attachment; filename="../../../etc/cron.d/x"',
        "attachment; filename=",
        "attachment; filename*=UTF-8''%00%2e%2e%2fx",
        "inline; filename=" + "x" * 4000,
        "",
        "\x01\x7f",
    ],
)
def test_36_the_name_is_ours_whatever_content_disposition_says(
    host: PodcastHost, tmp_path: Path, field: str
) -> None:
    route = good("a", 1, headers=(("Content-Disposition", field),))
    settings = settings_for(tmp_path / "archive")
    run_once(settings, show(host, "a", {1: route}))
    (row,) = episodes_of(settings)
    assert stored(settings, row) == body_of("a", 1)
    folder, name = row["path"].split("/")
    assert folder == "The a show"
    assert name.startswith("2021-01-04 1. ")
    assert name.endswith(".mp3")
