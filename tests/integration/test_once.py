"""``--once``: a feed list goes in, validated and recorded episodes come out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import make_due, rows, run_once, settings_for
from support.program import ON_LOOPBACK, podfetch

from podfetch_tui.catalog.statements import Statement
from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Route, failing_first, redirect

SIZE = 20_000


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def serve(
    host: PodcastHost,
    name: str,
    count: int = 3,
    *,
    media: dict[int, Route | Answer] | None = None,
    address: str = "127.0.0.9",
) -> str:
    entries = feeds.items(
        name, count, host.url(f"/media/{name}/{{n}}.mp3", address), length=SIZE, notes_bytes=100
    )
    for number in range(1, count + 1):
        path = f"/media/{name}/{number}.mp3"
        host.table.routes[path] = (media or {}).get(number) or Route(
            body=Media(path, SIZE), content_type="audio/mpeg", etag=f'"{number}"'
        )
    body = feeds.rss(f"The {name} show", entries)
    etag = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
    host.table.routes[f"/{name}.xml"] = Route(body=body, etag=etag)
    return host.url(f"/{name}.xml", address)


def test_no_statement_is_compiled_for_every_episode(
    host: PodcastHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    plain = Statement._compile

    def counted(one: Statement) -> None:
        plain(one)
        compiled.append(one.sql)

    monkeypatch.setattr(Statement, "_compile", counted)
    run_once(settings_for(tmp_path / "few"), serve(host, "few", 1))
    compiled.clear()
    run_once(settings_for(tmp_path / "many"), serve(host, "many", 20))
    assert len(compiled) < 20, compiled


def test_every_episode_is_archived_once_with_its_own_bytes(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one"), serve(host, "two", address="127.0.0.10"))
    episodes = rows(settings, "episodes")
    assert [row["state"] for row in episodes] == ["archived"] * 6
    for row in episodes:
        stored = (tmp_path / "archive" / row["path"]).read_bytes()
        media = Media(row["enclosure_url"].split("/", 3)[3].join(["/", ""]), SIZE)
        assert stored == media.read(0, SIZE)
        assert hashlib.sha256(stored).hexdigest() == row["sha256"]
        assert row["validity"] == "valid"
        sidecar = json.loads((tmp_path / "archive" / f"{row['path']}.json").read_bytes())
        assert sidecar["schema"] == "podfetch.episode/1"
        assert sidecar["media"]["sha256"] == row["sha256"]
        assert sidecar["media"]["duration_s"] == row["duration_s"]
        assert sidecar["episode"]["guid"] == row["guid"]
        assert sidecar["episode"]["note"]["summary"]
        assert sidecar["episode"]["keys"]


def test_a_second_run_asks_once_a_feed_and_fetches_nothing(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one"))
    host.requests.clear()
    make_due(settings)
    run_once(settings)
    assert [(served.path, served.status) for served in host.requests] == [("/one.xml", 304)]


def test_the_same_bytes_are_stored_once(host: PodcastHost, tmp_path: Path) -> None:
    same = Route(body=Media("same", SIZE), content_type="audio/mpeg")
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one", media={1: same, 2: same, 3: same}))
    episodes = rows(settings, "episodes")
    assert [row["state"] for row in episodes] == ["archived"] * 3
    inodes = {(tmp_path / "archive" / row["path"]).stat().st_ino for row in episodes}
    assert len(inodes) == 1


def test_a_web_page_is_never_stored_as_audio(host: PodcastHost, tmp_path: Path) -> None:
    page = Route(body=b"<!DOCTYPE html><html>log in</html>", content_type="audio/mpeg")
    settings = settings_for(tmp_path / "archive")
    engine = run_once(settings, serve(host, "one", media={2: page}))
    states = {row["title"].split(".")[0]: row for row in rows(settings, "episodes")}
    assert states["2"]["state"] == "failed"
    assert "not_media" in states["2"]["error"]
    assert states["1"]["state"] == states["3"]["state"] == "archived"
    assert engine.telemetry.totals()[0]["failed"] == 1


def test_a_cut_download_goes_on_where_it_stopped(host: PodcastHost, tmp_path: Path) -> None:
    path, size = "/media/one/1.mp3", 400_000
    whole = Route(body=Media(path, size), content_type="audio/mpeg", etag='"whole"')
    cut = Route(body=Media(path, size), content_type="audio/mpeg", etag='"whole"', reset_at=300_000)
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one", 1, media={1: failing_first(1, cut, whole)}))
    (row,) = rows(settings, "episodes")
    assert row["state"] == "archived"
    assert (tmp_path / "archive" / row["path"]).read_bytes() == Media(path, size).read(0, size)
    first, second = host.asked(path)
    assert second.status == 206
    assert second.sent <= size - first.sent + 64 * 1024 + 262144


def test_a_resumed_body_never_mixes_versions(host: PodcastHost, tmp_path: Path) -> None:
    path, size = "/media/one/1.mp3", 400_000
    old = Route(body=Media("old", size), content_type="audio/mpeg", etag='"a"', reset_at=300_000)
    new = Route(body=Media("new", size), content_type="audio/mpeg", etag='"a"')
    settings = settings_for(tmp_path / "archive")
    run_once(settings, serve(host, "one", 1, media={1: failing_first(1, old, new)}))
    (row,) = rows(settings, "episodes")
    assert row["state"] == "archived"
    assert (tmp_path / "archive" / row["path"]).read_bytes() == Media("new", size).read(0, size)
    assert [served.status for served in host.asked(path)] == [200, 206, 200]


def test_a_host_that_says_wait_is_asked_again_when_it_said(
    host: PodcastHost, tmp_path: Path
) -> None:
    good_url = serve(host, "good")
    good = host.table.routes["/good.xml"]
    assert isinstance(good, Route)
    wait = Route(status=429, headers=(("Retry-After", "1"),), body=b"slow down")
    host.table.routes["/good.xml"] = failing_first(1, wait, good)
    settings = settings_for(tmp_path / "archive")
    engine = run_once(settings, good_url)
    assert [served.status for served in host.asked("/good.xml")] == [429, 200]
    totals = engine.telemetry.totals()[0]
    assert totals["polls_failed"] == 0
    assert totals["archived"] == 3


def test_a_run_does_not_wait_for_retries_at_a_host_that_names_a_long_time(
    host: PodcastHost, tmp_path: Path
) -> None:
    urls = [serve(host, name, 1) for name in ("a", "b", "c", "d")]
    for name in ("a", "b", "c"):
        well = host.table.routes[f"/{name}.xml"]
        assert isinstance(well, Route)
        host.table.routes[f"/{name}.xml"] = failing_first(1, Route(status=500, body=b"no"), well)
    wait = Route(status=429, headers=(("Retry-After", "7200"),), delay=0.2, body=b"slow down")
    host.table.routes["/d.xml"] = wait
    settings = settings_for(
        tmp_path / "archive", engine={"per_host": 4}, retry={"base": 4.0, "cap": 4.0}
    )
    engine = run_once(settings, *urls)
    asked = {name: len(host.asked(f"/{name}.xml")) for name in ("a", "b", "c", "d")}
    assert sum(asked.values()) < 7
    put_off = [row["url"] for row in rows(settings, "feeds") if row["last_success_at"] is None]
    assert len(put_off) > 1
    assert engine.end.exit_code == 0


DEAD = tuple(f"http://{number}.unknown.invalid/feed.xml" for number in range(8))


def test_feeds_of_names_that_are_gone_do_not_keep_a_run_from_the_others(
    host: PodcastHost, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 1})
    engine = run_once(settings, *DEAD, serve(host, "a", 1))
    assert [row["state"] for row in rows(settings, "episodes")] == ["archived"]
    assert (engine.end.exit_code, engine.end.text) == (0, "")


def test_a_run_whose_every_host_is_out_of_reach_says_that_the_network_is_down(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path / "archive")
    engine = run_once(settings, *DEAD)
    assert engine.end.exit_code == 1
    assert "our network is down" in engine.end.text


@pytest.mark.parametrize(
    ("route", "code"),
    [
        (Route(body=b"<!DOCTYPE html><html><body>hi</body></html>"), "not_a_feed"),
        (Route(body=b""), "empty_body"),
        (Route(status=404, body=b"no"), "http_404"),
        (redirect("file:///etc/passwd"), "blocked_scheme"),
        (redirect("http://169.254.169.254/latest"), "blocked_address"),
        (redirect("/bad.xml"), "redirect_loop"),
        (Route(body=b"<rss><channel><item>", declared_length=5000, framing="length"), "short_body"),
        (
            Route(body=b'<!DOCTYPE r [<!ENTITY a "aaaa">]><rss><channel>&a;</channel></rss>'),
            "dtd_refused",
        ),
    ],
)
def test_a_broken_feed_has_its_class_and_harms_no_other(
    host: PodcastHost, tmp_path: Path, route: Route, code: str
) -> None:
    host.table.routes["/bad.xml"] = route
    settings = settings_for(tmp_path / "archive", network={"idle_timeout": 1.0})
    run_once(settings, host.url("/bad.xml", "127.0.0.66"), serve(host, "good"))
    bad, good = rows(settings, "feeds")
    assert code in str(bad["last_error"]) or bad["last_family"] is not None
    kinds = {(row["feed_id"], row["code"]) for row in rows(settings, "events")}
    assert (bad["id"], code) in kinds
    assert good["archived"] == 3


def test_hostile_titles_stay_inside_their_feeds_folder(host: PodcastHost, tmp_path: Path) -> None:
    url = serve(host, "one", 5)
    route = host.table.routes["/one.xml"]
    assert isinstance(route, Route)
    body = route.body
    assert isinstance(body, bytes)
    titles = ["../../escape", "......", "x" * 400, "con", "a/b\\c:d"]
    for number, title in enumerate(titles, 1):
        start = body.index(f"<title>{number}. ".encode())
        end = body.index(b"</title>", start)
        body = body[:start] + f"<title>{title}".encode() + body[end:]
    host.table.routes["/one.xml"] = Route(body=body)
    settings = settings_for(tmp_path / "archive")
    run_once(settings, url)
    episodes = rows(settings, "episodes")
    assert [row["state"] for row in episodes] == ["archived"] * 5
    folder = (tmp_path / "archive" / "The one show").resolve()
    for row in episodes:
        path = (tmp_path / "archive" / row["path"]).resolve()
        assert path.parent == folder
        assert len(path.name.encode()) <= 255


def test_a_sidecar_that_cannot_be_written_is_partial_and_finished_without_a_download(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = serve(host, "one", 1)
    twin = settings_for(tmp_path / "twin")
    run_once(twin, url)
    (row,) = rows(twin, "episodes")
    settings = settings_for(tmp_path / "archive")
    make_due(settings)
    in_the_way = tmp_path / "archive" / f"{row['path']}.json"
    in_the_way.mkdir(parents=True)
    engine = run_once(settings, url)
    assert engine.telemetry.totals()[0]["partial"] == 1
    (row,) = rows(settings, "episodes")
    assert row["state"] == "archived"
    assert row["derivatives"] == ["sidecar:failed"]
    media = tmp_path / "archive" / row["path"]
    assert hashlib.sha256(media.read_bytes()).hexdigest() == row["sha256"]
    in_the_way.rmdir()
    host.requests.clear()
    engine = run_once(settings)
    assert host.requests == []
    (row,) = rows(settings, "episodes")
    assert row["derivatives"] == ["sidecar:done"]
    assert in_the_way.is_file()


def test_what_waits_and_what_happened_is_named_by_title(host: PodcastHost, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", engine={"download_workers": 0})
    url = serve(host, "one")
    run_once(settings, url)
    names = tmp_path / "names.txt"
    names.write_text(f"{url}\nhttp://feeds.example/new.xml\n")
    options = (*ON_LOOPBACK, "--archive", str(tmp_path / "archive"))
    done = podfetch(*options, "import", "--dry-run", "--json", str(names))
    plan = json.loads(done.stdout)
    assert (plan["new"], plan["duplicate"], plan["first_poll_requests"]) == (1, 1, 1)
    assert (plan["episodes"], plan["bytes"]) == (3, 3 * SIZE)
    assert (plan["known_feeds"], plan["polled_feeds"]) == (1, 1)
    assert plan["episodes_of_unknown_size"] == 0
    done = podfetch(*options, "import", "--dry-run", str(names))
    assert "1 feed is known already: 3 episodes wait, 60.0 kB" in done.stderr
    done = podfetch(*options, "import", "--dry-run", "--json", "-", stdin="http://x.example/\n")
    assert json.loads(done.stdout)["episodes"] is None

    engine = run_once(settings_for(tmp_path / "archive"))
    (archived, *_) = [e for e in engine.events.watch(0, 0).events if e.kind == "episode_archived"]
    assert archived.feed_title == "The one show"
    titles = {row["id"]: row["title"] for row in rows(settings, "episodes")}
    assert archived.episode_id is not None
    assert archived.episode_title == titles[archived.episode_id]
    shown = [
        json.loads(line) for line in podfetch(*options, "events", "--json").stdout.splitlines()
    ]
    assert {event["feed_title"] for event in shown} == {None, "The one show"}
    assert {event["kind"] for event in shown if event["feed_title"] is None} == {
        "engine_started",
        "engine_stopped",
    }
    assert {event["episode_title"] for event in shown} == {None, *titles.values()}
    text = podfetch(*options, "events").stdout
    assert "1 The one show" in text
    assert f"{archived.episode_id} {archived.episode_title}"[:20] in text


def test_season_and_number_of_a_pattern_are_those_of_the_episode(
    host: PodcastHost, tmp_path: Path
) -> None:
    url = serve(host, "a", 2)
    route = host.table.routes["/a.xml"]
    assert isinstance(route, Route)
    assert isinstance(route.body, bytes)
    one = b"<itunes:season>2</itunes:season><itunes:episode>7</itunes:episode></item>"
    body = route.body.replace(b"</item>", one, 1)
    host.table.routes["/a.xml"] = Route(body=body)
    pattern = "{feed}/Season {season}/{number:03} of {season}"
    settings = settings_for(tmp_path / "archive", archive={"filename": pattern})
    run_once(settings, url)
    assert {row["path"] for row in rows(settings, "episodes")} == {
        "The a show/Season 2/007 of 2.mp3",
        "The a show/Season/001 of.mp3",
    }
