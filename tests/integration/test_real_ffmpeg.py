"""Tags and transcodes by a real ``ffmpeg``, where there is one."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from support.archive import rows, run_once, settings_for
from support.media_files import KINDS, make_media
from support.pictures import png

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.settings import Settings

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None and importlib.util.find_spec("imageio_ffmpeg") is None,
    reason="there is no ffmpeg on this machine",
)
TITLE = "Q&amp;A: -i /etc/passwd; 100 % = “yes”"
SAID = "Q&A: -i /etc/passwd; 100 % = “yes”"
NO_TAGS = frozenset({"avi"})
"""Keeps a title only."""
COVERED = frozenset({"mp3", "m4a", "mp4", "mov", "3gp", "opus", "oga", "flac", "aac"})


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("media")
    return {kind: make_media(folder / kind, kind).read_bytes() for kind in KINDS}


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(host: PodcastHost, bodies: dict[str, bytes]) -> str:
    items = ""
    for number, (kind, body) in enumerate(bodies.items(), 1):
        path = f"/{kind}.{kind}"
        host.table.routes[path] = Route(body=body)
        items += (
            f"<item><title>{TITLE}</title><guid>{kind}</guid><itunes:episode>{number}</itunes:episode>"
            "<pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate>"
            f'<enclosure url="{host.url(path, "127.0.0.9")}" type="audio/x"/></item>'
        )
    host.table.routes["/c.png"] = Route(body=png(32))
    image = f'<itunes:image href="{host.url("/c.png", "127.0.0.9")}"/>'
    space = "http://www.itunes.com/dtds/podcast-1.0.dtd"
    document = (
        f'<rss version="2.0" xmlns:itunes="{space}"><channel><title>The show</title>{image}'
        f"<itunes:author>Me</itunes:author>{items}</channel></rss>"
    )
    host.table.routes["/f.xml"] = Route(body=document.encode())
    return host.url("/f.xml", "127.0.0.9")


def tags_of(path: Path) -> tuple[dict[str, str], bool, str]:
    """Return its tags, whether it has a picture, and the codec of its sound."""
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        found = {**container.metadata, **sound.metadata}
        pictured = bool(container.streams.video)
        codec = sound.codec_context.codec.canonical_name
    return {key.lower(): value for key, value in found.items()}, pictured, codec


def made(settings: Settings, kind: str) -> dict[str, Path]:
    """Return kind of media → what was made of it."""
    root = Path(settings.archive.root)
    found = {}
    for row in rows(settings, "episodes"):
        said = [event["text"] for event in rows(settings, "events")]
        assert f"{kind}:done" in row["derivatives"], (row["guid"], said)
        word = "tagged" if kind == "tags" else "transcoded"
        stem = Path(row["path"]).stem
        (path,) = [
            p
            for p in (root / row["path"]).parent.iterdir()
            if p.name.startswith(f"{stem}.{word}.") and not p.name.endswith(".json")
        ]
        found[row["guid"]] = path
    return found


def is_untouched(settings: Settings, bodies: dict[str, bytes]) -> bool:
    root = Path(settings.archive.root)
    return all(
        (root / row["path"]).read_bytes() == bodies[row["guid"]]
        for row in rows(settings, "episodes")
    )


def test_every_kind_of_file_gets_a_copy_with_tags_and_cover(
    host: PodcastHost, tmp_path: Path, bodies: dict[str, bytes]
) -> None:
    settings = settings_for(
        tmp_path / "a", media={"transform": "tags"}, archive={"filename": "{feed}/{guid}"}
    )
    run_once(settings, serve(host, bodies))
    copies = made(settings, "tags")
    assert is_untouched(settings, bodies)
    for number, kind in enumerate(bodies, 1):
        tags, pictured, codec = tags_of(copies[kind])
        assert tags["title"] == SAID, kind
        assert pictured == (kind in COVERED), kind
        assert codec in {KINDS[kind][1].removeprefix("lib").removesuffix("lame"), "mp3"}, kind
        if kind not in NO_TAGS:
            assert (tags.get("album"), tags.get("artist")) == ("The show", "Me"), kind
            assert tags.get("track", "").partition("/")[0] == str(number), kind


def test_a_cover_that_claims_hundreds_of_megabytes_is_left_out(
    host: PodcastHost, tmp_path: Path, bodies: dict[str, bytes]
) -> None:
    few = {kind: bodies[kind] for kind in ("mp3", "m4a")}
    url = serve(host, few)
    host.table.routes["/c.png"] = Route(body=png(6100))
    settings = settings_for(
        tmp_path / "a", media={"transform": "tags"}, archive={"filename": "{feed}/{guid}"}
    )
    run_once(settings, url)
    for kind, path in made(settings, "tags").items():
        tags, pictured, _ = tags_of(path)
        assert (tags["title"], pictured) == (SAID, False), kind
    assert (tmp_path / "a" / "The show" / "cover.png").read_bytes() == png(6100)
    assert is_untouched(settings, few)


@pytest.mark.parametrize("codec", ["opus", "mp3", "aac"])
def test_every_kind_of_file_is_transcoded(
    host: PodcastHost, tmp_path: Path, bodies: dict[str, bytes], codec: str
) -> None:
    settings = settings_for(
        tmp_path / "a",
        media={"transform": "transcode", "transcode_to": codec},
        archive={"filename": "{feed}/{guid}"},
    )
    run_once(settings, serve(host, bodies))
    for kind, path in made(settings, f"transcode-{codec}").items():
        tags, pictured, found = tags_of(path)
        assert (found, pictured) == (codec, True), kind
        assert (tags["title"], tags["album"], tags["artist"]) == (SAID, "The show", "Me"), kind
    assert is_untouched(settings, bodies)
