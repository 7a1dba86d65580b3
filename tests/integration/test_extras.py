"""Covers, chapters and transcripts: kept beside the media, once, and looked at before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.pictures import png

from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.settings import Settings

SIZE = 20_000
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHallo\n"
CHAPTERS = b'{"version":"1.2.0","chapters":[{"startTime":0,"title":"Intro"}]}'
PAGE = b"<!DOCTYPE html><html><body>Not here any more</body></html>"
ALL = ("cover", "chapters", "transcript")


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, *items: str, channel: str = "") -> str:
    """Serve a feed whose items hold this XML besides title, GUID and enclosure."""
    parts = []
    for number, extra in enumerate(items, 1):
        path = f"/media/{number}.mp3"
        host.table.routes[path] = Route(body=Media(path, SIZE), content_type="audio/mpeg")
        parts.append(
            f"<item><title>Part {number}</title><guid>{number}</guid>"
            f"<pubDate>Mon, 0{number} Jan 2024 00:00:00 GMT</pubDate>"
            f'<enclosure url="{at(host, path)}" type="audio/mpeg" length="{SIZE}"/>{extra}</item>'
        )
    body = (
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:psc="http://podlove.org/simple-chapters">'
        f"<channel><title>Show</title>{channel}{''.join(parts)}</channel></rss>"
    )
    host.table.routes["/show.xml"] = Route(body=body.encode())
    return at(host, "/show.xml")


def at(host: PodcastHost, path: str) -> str:
    return host.url(path, "127.0.0.9")


def image(host: PodcastHost, path: str) -> str:
    return f'<itunes:image href="{at(host, path)}"/>'


def transcript(host: PodcastHost, path: str, kind: str, language: str = "") -> str:
    return f'<podcast:transcript url="{at(host, path)}" type="{kind}" language="{language}"/>'


def keeping(root: Path, *extras: str, **more: Any) -> Settings:
    return settings_for(root, media={"extras": extras or ALL, **more})


def files(settings: Settings) -> dict[str, bytes]:
    root = Path(settings.archive.root, "Show")
    return {path.name: path.read_bytes() for path in root.iterdir()}


def asked(host: PodcastHost, path: str) -> int:
    return sum(request.path == path for request in host.requests)


def test_all_that_an_item_names_is_kept_beside_it_with_its_digest(
    host: PodcastHost, tmp_path: Path
) -> None:
    host.table.routes["/c.png"] = Route(body=png())
    host.table.routes["/ch.json"] = Route(body=CHAPTERS)
    host.table.routes["/t.vtt"] = Route(body=VTT)
    host.table.routes["/t.de.srt"] = Route(body=SRT)
    item = (
        image(host, "/c.png")
        + f'<podcast:chapters url="{at(host, "/ch.json")}" type="application/json+chapters"/>'
        + transcript(host, "/t.vtt", "text/vtt")
        + transcript(host, "/t.de.srt", "application/x-subrip", "de")
    )
    settings = keeping(tmp_path / "a")
    run_once(settings, serve(host, item))
    stem = "2024-01-01 Part 1"
    found = files(settings)
    assert found[f"{stem}.cover.png"] == png()
    assert found[f"{stem}.chapters.json"] == CHAPTERS
    assert found[f"{stem}.transcript.vtt"] == VTT
    assert found[f"{stem}.transcript.de.srt"] == SRT
    (row,) = rows(settings, "episodes")
    kinds = ["chapters", "cover", "sidecar", "transcript", "transcript-2"]
    assert row["derivatives"] == [f"{kind}:done" for kind in kinds]
    sidecar = json.loads(found[f"{stem}.mp3.json"])
    assert {entry["kind"]: entry["sha256"] for entry in sidecar["derivatives"]} == {
        "chapters": hashlib.sha256(CHAPTERS).hexdigest(),
        "cover": hashlib.sha256(png()).hexdigest(),
        "transcript": hashlib.sha256(VTT).hexdigest(),
        "transcript-2": hashlib.sha256(SRT).hexdigest(),
    }


def test_chapters_in_the_feed_itself_become_a_file(host: PodcastHost, tmp_path: Path) -> None:
    own = (
        '<psc:chapters version="1.2"><psc:chapter start="00:01:02.5" title="Two &amp; more"'
        ' href="https://a.example/"/><psc:chapter start="0" title="One"'
        ' image="https://a.example/1.png"/></psc:chapters>'
    )
    listed = f'<podcast:chapters url="{at(host, "/ch.json")}"/>'
    host.table.routes["/ch.json"] = Route(body=CHAPTERS)
    settings = keeping(tmp_path / "a", "chapters")
    run_once(settings, serve(host, own, listed + own, ""))
    found = files(settings)
    assert json.loads(found["2024-01-01 Part 1.chapters.json"]) == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0, "title": "One", "img": "https://a.example/1.png"},
            {"startTime": 62.5, "title": "Two & more", "url": "https://a.example/"},
        ],
    }
    assert found["2024-01-02 Part 2.chapters.json"] == CHAPTERS, "what the publisher has made"
    assert "2024-01-03 Part 3.chapters.json" not in found
    (entry,) = json.loads(found["2024-01-01 Part 1.mp3.json"])["derivatives"]
    assert (entry["kind"], entry["media_type"]) == ("chapters", "application/json+chapters")


def test_what_the_feed_names_later_is_fetched_then(host: PodcastHost, tmp_path: Path) -> None:
    for number in range(1, 7):
        host.table.routes[f"/t{number}.vtt"] = Route(body=VTT + b"%d" % number)
    words = {n: transcript(host, f"/t{n}.vtt", "text/vtt") for n in range(1, 7)}
    again = {n: text.replace(".vtt", ".vtt?key=2") for n, text in words.items()}
    settings = keeping(tmp_path / "a", "transcript", "chapters")
    run_once(settings, serve(host, "", words[2], words[3], words[4]))
    own = '<psc:chapters><psc:chapter start="0" title="One"/></psc:chapters>'
    serve(host, words[1] + own, words[5] + words[2], again[3], again[4] + words[6])
    make_due(settings)
    run_once(settings)
    found = files(settings)
    assert "2024-01-01 Part 1.chapters.json" in found
    kept: dict[str, set[bytes]] = {}
    for name in found:
        if "transcript" in name:
            kept.setdefault(name.split(".")[0][-1], set()).add(found[name].removeprefix(VTT))
    assert kept == {"1": {b"1"}, "2": {b"2", b"5"}, "3": {b"3"}, "4": {b"4", b"6"}}
    assert [asked(host, f"/media/{number}.mp3") for number in (1, 2, 3, 4)] == [1] * 4
    assert not any("key=2" in request.path for request in host.requests), "the same ones"
    got = len(host.requests)
    make_due(settings)
    run_once(settings)
    assert len(host.requests) == got + 1, "the feed alone"


def test_what_a_setting_missed_is_not_late(host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/t.vtt"] = Route(body=VTT)
    words = transcript(host, "/t.vtt", "text/vtt")
    run_once(settings_for(tmp_path / "a"), serve(host, words))
    settings = keeping(tmp_path / "a", "transcript")
    serve(host, words + "<description>Another summary</description>")
    make_due(settings)
    run_once(settings)
    assert asked(host, "/t.vtt") == 0


def test_the_cover_of_a_feed_is_fetched_and_stored_once(host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/show.png"] = Route(body=png(32))
    host.table.routes["/own.png"] = Route(body=png(8))
    same = image(host, "/show.png")
    own = image(host, "/own.png")
    url = serve(host, "", same, own, "", own, channel=same)
    settings = keeping(tmp_path / "a", "cover")
    run_once(settings, url)
    found = files(settings)
    covers = sorted(name for name in found if name.endswith(".png"))
    assert len(covers) == 2
    assert found["cover.png"] == png(32)
    (other,) = set(covers) - {"cover.png"}
    assert other in ("2024-01-03 Part 3.cover.png", "2024-01-05 Part 5.cover.png")
    for row in rows(settings, "episodes"):
        assert row["derivatives"] == ["cover:done", "sidecar:done"]
    # Two at once may ask before the first has an answer; never more.
    assert asked(host, "/show.png") <= 2
    assert asked(host, "/own.png") <= 2


def test_a_page_in_place_of_a_transcript_is_partial_and_nothing_of_it_is_kept(
    host: PodcastHost, tmp_path: Path
) -> None:
    host.table.routes["/t.vtt"] = Route(body=PAGE, content_type="text/vtt")
    settings = keeping(tmp_path / "a")
    engine = run_once(settings, serve(host, transcript(host, "/t.vtt", "text/vtt")))
    assert engine.telemetry.totals()[0]["partial"] == 1
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["derivatives"]) == ("archived", ["sidecar:done", "transcript:failed"])
    (event,) = [e for e in rows(settings, "events") if e["kind"] == "episode_partial"]
    assert event["code"] == "transcript_bad_extra"
    assert "the transcript is html" in event["text"]
    assert sorted(files(settings)) == ["2024-01-01 Part 1.mp3", "2024-01-01 Part 1.mp3.json"]
    assert list(Path(settings.archive.root, ".podfetch", "parts").iterdir()) == []


def test_a_cover_that_is_not_there_is_asked_for_once_and_spoils_nothing(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = serve(host, *[""] * 6, channel=image(host, "/gone.png"))
    settings = keeping(tmp_path / "a", "cover", validate="off")
    run_once(settings, url)
    found = rows(settings, "episodes")
    assert [row["state"] for row in found] == ["archived"] * 6
    assert {tuple(row["derivatives"]) for row in found} == {("cover:failed", "sidecar:done")}
    assert asked(host, "/gone.png") <= 2


def test_a_file_over_the_cap_is_refused(host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/t.vtt"] = Route(body=VTT, declared_length=17 << 20)
    settings = keeping(tmp_path / "a")
    run_once(settings, serve(host, transcript(host, "/t.vtt", "text/vtt")))
    (event,) = [e for e in rows(settings, "events") if e["kind"] == "episode_partial"]
    assert event["code"] == "transcript_too_large"


def test_extras_go_through_the_same_vetting_as_everything(
    host: PodcastHost, tmp_path: Path
) -> None:
    item = '<podcast:transcript url="http://10.0.0.1/t.vtt" type="text/vtt"/>'
    settings = keeping(tmp_path / "a")
    run_once(settings, serve(host, item))
    (event,) = [e for e in rows(settings, "events") if e["kind"] == "episode_partial"]
    assert event["code"] == "transcript_blocked_address"


def test_nothing_is_fetched_that_was_not_asked_for(host: PodcastHost, tmp_path: Path) -> None:
    host.table.routes["/t.vtt"] = Route(body=VTT)
    settings = settings_for(tmp_path / "a")
    run_once(
        settings, serve(host, transcript(host, "/t.vtt", "text/vtt"), channel=image(host, "/x"))
    )
    assert asked(host, "/t.vtt") == asked(host, "/x") == 0
