"""Formats through the whole engine: what a feed says is in the archive, and shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.archive import rows, run_once, settings_for
from support.media_factory import media_route
from support.podhost import serve
from support.polling import poller

from podfetch_tui.cli.main import podfetch
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route

SIZE = 20_000
NAMESPACES = (
    'xmlns:podcast="https://podcastindex.org/namespace/1.0"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
ITEM = (
    "<item><guid>a</guid><title>One</title>"
    '<podcast:person role="guest" href="https://x/ada">Ada</podcast:person>'
    "<podcast:person>Bob</podcast:person>"
    '<podcast:transcript url="https://x/1.vtt" type="text/vtt"/>'
    '<podcast:season name="The Race">3</podcast:season>{file}</item>'
)
FORMATS = {
    "rss 0.91": '<rss version="0.91"><channel><title>Show</title>{item}</channel></rss>',
    "rss 0.92": '<rss version="0.92"><channel><title>Show</title>{item}</channel></rss>',
    "rss without version": "<rss><channel><title>Show</title>{item}</channel></rss>",
    "rss 1.0": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/"><channel rdf:about="http://x/"><title>Show</title>'
        "<link>http://x/</link></channel>{item}</rdf:RDF>"
    ),
    "atom 1.0": (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Show</title><id>urn:x</id>'
        "<entry><id>a</id><title>One</title><published>2024-01-02T03:04:05Z</published>"
        "<updated>2024-02-02T03:04:05Z</updated>"
        '<link rel="enclosure" type="audio/mpeg" href="{url}" length="20000"/></entry></feed>'
    ),
    "atom 0.3": (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Show</title>'
        "<entry><id>a</id><title>One</title><issued>2024-01-02T03:04:05Z</issued>"
        '<link rel="enclosure" type="audio/mpeg" href="{url}"/></entry></feed>'
    ),
}


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with serve({"/1.mp3": media_route("/1.mp3", SIZE)}) as serving:
        yield serving


def publish(host: PodcastHost, body: str) -> str:
    host.table.routes["/feed.xml"] = Route(body=body.encode(), content_type="text/xml")
    return host.url("/feed.xml")


@pytest.mark.parametrize("name", FORMATS)
def test_the_episode_of_every_format_is_archived(
    name: str, host: PodcastHost, tmp_path: Path
) -> None:
    url = host.url("/1.mp3")
    item = (
        f'<item><guid>a</guid><title>One</title><enclosure url="{url}" type="audio/mpeg"'
        ' length="20000"/><pubDate>Tue, 02 Jan 2024 03:04:05 GMT</pubDate></item>'
    )
    settings = settings_for(tmp_path / "archive")
    run_once(settings, publish(host, FORMATS[name].format(item=item, url=url)))
    (row,) = rows(settings, "episodes")
    assert (row["state"], row["guid"], row["title"]) == ("archived", "a", "One")
    assert row["published_at"] == "2024-01-02T03:04:05Z"


def test_people_and_seasons_are_shown_and_in_the_sidecar(host: PodcastHost, tmp_path: Path) -> None:
    file = f'<enclosure url="{host.url("/1.mp3")}" type="audio/mpeg" length="20000"/>'
    body = (
        f'<rss version="2.0" {NAMESPACES}><channel><title>Show</title>'
        "<podcast:guid>917393e3</podcast:guid><itunes:category text='Arts'/>"
        f"<podcast:person>Chair</podcast:person>{ITEM.format(file=file)}</channel></rss>"
    )
    settings = settings_for(tmp_path / "archive")
    run_once(settings, publish(host, body))
    (row,) = rows(settings, "episodes")
    sidecar = json.loads((tmp_path / "archive" / f"{row['path']}.json").read_bytes())
    archive = ("--archive", str(tmp_path / "archive"))
    shown = json.loads(
        CliRunner().invoke(podfetch, [*archive, "episodes", "show", "1", "--json"]).stdout
    )
    for note in (sidecar["episode"]["note"], shown["note"]):
        assert note["season"] == "3"
        assert note["transcripts"][0]["url"] == "https://x/1.vtt"
        assert note["extras"] == {
            "season_name": "The Race",
            "persons": [{"name": "Ada", "role": "guest", "href": "https://x/ada"}, {"name": "Bob"}],
        }
    text = CliRunner().invoke(podfetch, [*archive, "episodes", "show", "1"]).stdout
    assert "name: Ada, role: guest, href: https://x/ada\n" in text
    feed = json.loads(
        CliRunner().invoke(podfetch, [*archive, "feeds", "show", "1", "--json"]).stdout
    )
    assert feed["metadata"]["podcast_guid"] == "917393e3"
    assert feed["metadata"]["categories"] == ["Arts"]
    assert feed["metadata"]["persons"] == [{"name": "Chair"}]
    assert "name: Chair\n" in CliRunner().invoke(podfetch, [*archive, "feeds", "show", "1"]).stdout


def test_people_and_transcripts_added_later_are_taken_over(
    host: PodcastHost, tmp_path: Path
) -> None:
    def body(more: str) -> str:
        items = "".join(
            f"<item><guid>{n}</guid><title>{n}</title>{more if n == 3 else ''}"
            f'<enclosure url="http://127.0.0.1:9/{n}.mp3"/></item>'
            for n in range(4)
        )
        return f"<rss {NAMESPACES}><channel><title>Show</title>{items}</channel></rss>"

    with poller(tmp_path / "archive") as polls:
        polls.add(publish(host, body("")))
        polls.poll()
        publish(host, body("<podcast:person>Ada</podcast:person>"))
        result = polls.poll()
        assert result.outcome.detail == "4 items, 0 new"
        (row,) = (row for row in polls.rows() if row["guid"] == "3")
        assert polls.episode(row["id"])["note"]["extras"] == {"persons": [{"name": "Ada"}]}
