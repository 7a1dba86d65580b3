"""Bad input of every kind, given to the program itself: its exit code, one sentence, no harm."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.archive import rows, run_once, settings_for
from support.permissions import obeying_permissions
from support.program import podfetch

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route, bomb, redirect

SIZE = 20_000
SHOW, STRANGER = "127.0.0.9", "127.0.0.10"


def is_one_sentence(text: str) -> bool:
    return text.startswith("podfetch: ") and text.count("\n") == 1 and "Traceback" not in text


# --- feed lists ----------------------------------------------------------------------------


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(10_000_000))


def words(path: Path) -> None:
    path.write_text("\n".join(["never gonna give you up"] * 420_000))


def missing(path: Path) -> None:
    assert not path.exists()


def unreadable(path: Path) -> None:
    path.write_text("http://feeds.example/a.xml\n")
    path.chmod(0)


def a_folder(path: Path) -> None:
    path.mkdir()


def a_header_alone(path: Path) -> None:
    path.write_text("url,title\n")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (missing, "cannot be read"),
        (unreadable, "Permission denied"),
        (a_folder, "it is a folder"),
        (a_header_alone, "line 1"),
        (garbage, "line 1"),
        (words, "line 1"),
    ],
)
def test_a_bad_list_is_exit_2_with_its_name_and_not_even_a_good_one_beside_it_is_imported(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.csv"
    good.write_text("http://feeds.example/good.xml\n")
    make(bad)
    archive = tmp_path / "archive"
    preexec = obeying_permissions() if make is unreadable else None
    for options in (
        ("import", str(good), str(bad)),
        ("import", "--dry-run", str(good), str(bad)),
    ):
        done = podfetch("--archive", str(archive), *options, preexec=preexec)
        assert done.returncode == 2
        assert is_one_sentence(done.stderr)
        assert "bad.csv" in done.stderr
        assert says in done.stderr
        assert not archive.exists()
    lists = ("--feeds", str(good), "--feeds", str(bad), "--once")
    done = podfetch("--archive", str(archive), *lists, preexec=preexec)
    assert (done.returncode, is_one_sentence(done.stderr)) == (2, True)
    assert not archive.exists()


# --- archive folders -----------------------------------------------------------------------


@pytest.mark.parametrize("closed", [".", ".podfetch", ".podfetch/parts", ".podfetch/catalog.db"])
def test_an_archive_that_may_not_be_written_is_exit_7(tmp_path: Path, closed: str) -> None:
    archive = tmp_path / "archive"
    preexec = obeying_permissions()
    first = podfetch("--archive", str(archive), "feeds", "add", "http://feeds.example/a.xml")
    assert first.returncode == 0, first.stderr
    path = archive / closed
    mode = path.stat().st_mode & 0o777
    path.chmod(mode & 0o555)
    try:
        done = podfetch(
            "--archive", str(archive), "feeds", "add", "http://b.example/", preexec=preexec
        )
        assert done.returncode == 7
        assert done.stderr.count("podfetch: ") == 1
        assert str(archive) in done.stderr
        assert podfetch("--archive", str(archive), "status", preexec=preexec).returncode == 0
    finally:
        path.chmod(mode)
    done = podfetch("--archive", str(archive), "feeds", "add", "http://b.example/")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("closed", [".", ".podfetch", ".podfetch/catalog.db", "elsewhere"])
def test_an_archive_that_may_not_be_looked_at_is_exit_7(tmp_path: Path, closed: str) -> None:
    archive = tmp_path / "archive"
    elsewhere = tmp_path / "catalog"
    elsewhere.mkdir()
    preexec = obeying_permissions()
    options = ["--archive", str(archive)]
    if closed == "elsewhere":
        options += ["--set", f"archive.catalog={elsewhere / 'catalog.db'}"]
    first = podfetch(*options, "feeds", "add", "http://feeds.example/a.xml")
    assert first.returncode == 0, first.stderr
    path = elsewhere if closed == "elsewhere" else archive / closed
    mode = path.stat().st_mode & 0o777
    path.chmod(0)
    try:
        for words in (["--once"], ["feeds", "add", "http://b.example/"], ["feeds", "list"]):
            done = podfetch(*options, *words, preexec=preexec)
            assert (done.returncode, is_one_sentence(done.stderr)) == (7, True), done.stderr
            assert str(archive if closed != "elsewhere" else elsewhere) in done.stderr
    finally:
        path.chmod(mode)


def test_an_archive_in_a_folder_that_may_not_be_written_is_exit_7(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    preexec = obeying_permissions()
    for archive in (closed, closed / "archive"):
        done = podfetch("--archive", str(archive), "--once", preexec=preexec)
        assert (done.returncode, is_one_sentence(done.stderr)) == (7, True)
        assert "permission" in done.stderr
    assert not list(closed.iterdir())


# --- feeds ---------------------------------------------------------------------------------


def serve_show(host: PodcastHost, *urls: str) -> str:
    """A show with an episode for each URL; those of its own host have audio."""
    entries = feeds.items("show", len(urls), "http://x.example/{n}.mp3", length=SIZE)
    body = feeds.rss("The show", entries)
    for number, url in enumerate(urls, 1):
        body = body.replace(f"http://x.example/{number}.mp3".encode(), url.encode())
        path = f"/{number}.mp3"
        host.table.routes[path] = Route(body=Media(path, SIZE), content_type="audio/mpeg")
    host.table.routes["/show.xml"] = Route(body=body)
    return host.url("/show.xml", SHOW)


ITEM = b"<item><title>again</title><guid>again</guid></item>"


@pytest.mark.parametrize(
    ("route", "code"),
    [
        (bomb(80 << 20), "bomb"),
        (Route(body=b"<rss><channel>" + ITEM, endless=True, framing="chunked"), "too_large"),
        (Route(body=b"<rss><channel>" + ITEM, endless=True, framing="close"), "too_large"),
        (Route(body=b"<rss><channel>" + ITEM * 9, drip=(1, 0.05)), "deadline"),
        (Route(body=b"<rss><channel>", drip_headers=0.05), "deadline"),
        (Route(body=b"<rss><channel>" + ITEM, hang_at=20), "read_timeout"),
        (Route(body=b"<rss><channel>" + ITEM * 99, cut_at=200), "short_body"),
        (Route(body=b"\x89PNG\r\n\x1a\n" + bytes(500)), "not_a_feed"),
    ],
)
def test_a_feed_that_is_an_attack_has_its_class_and_harms_no_other(
    tmp_path: Path, route: Route, code: str
) -> None:
    network = {"feed_max": 8 << 20, "feed_deadline": 1.5, "idle_timeout": 1.0, "min_rate": 1}
    settings = settings_for(tmp_path / "archive", network=network, retry={"attempts": 1})
    with PodcastHost() as host:
        good = serve_show(host, host.url("/1.mp3", SHOW), host.url("/2.mp3", SHOW))
        host.table.routes["/bad.xml"] = route
        run_once(settings, host.url("/bad.xml", "127.0.0.66"), good)
    bad, other = rows(settings, "feeds")
    codes = [event["code"] for event in rows(settings, "events") if event["feed_id"] == bad["id"]]
    assert codes == [code]
    assert (bad["episodes"], bad["consecutive_failures"]) == (0, 1)
    assert (other["archived"], other["consecutive_failures"]) == (2, 0)


def test_nothing_is_sent_to_an_address_that_is_not_public(tmp_path: Path) -> None:
    names = tmp_path / "hosts"
    names.write_text(f"{STRANGER} inside.example\n{SHOW} show.example\n")
    network = {"allow_private": (f"{SHOW}/32",), "hosts": str(names)}
    settings = settings_for(tmp_path / "archive", network=network, retry={"attempts": 1})
    with PodcastHost() as host:
        stranger = host.url("/secret.mp3", STRANGER)  # it listens there, and would answer
        port = host.port
        host.table.routes["/secret.mp3"] = Route(body=Media("secret", SIZE))
        host.table.routes["/away.mp3"] = redirect(stranger, 302)
        host.table.routes["/metadata.mp3"] = redirect("http://169.254.169.254/latest/meta-data/")
        url = serve_show(
            host,
            stranger,
            f"http://inside.example:{port}/secret.mp3",
            host.url("/away.mp3", SHOW),
            host.url("/metadata.mp3", SHOW),
            "http://169.254.169.254/latest/meta-data/",
            f"http://2130706442:{port}/secret.mp3",
            f"http://[::ffff:{STRANGER}]:{port}/secret.mp3",
            "file:///etc/passwd",
            "ftp://127.0.0.10/secret.mp3",
            host.url("/10.mp3", SHOW),
        )
        run_once(settings, url)
        assert host.traffic(STRANGER).requests == 0
        assert host.traffic(STRANGER).most_connections == 0
        assert {served.address for served in host.requests} == {SHOW}
    found = {row["enclosure_url"]: row for row in rows(settings, "episodes")}
    assert [row["state"] for row in found.values()].count("archived") == 1
    refused = [row["error"] or "" for row in found.values() if row["state"] == "failed"]
    assert all(error.startswith(("blocked_address", "blocked_scheme")) for error in refused)
    assert len(refused) >= 7


TITLES = (
    "../../../../tmp/escape",
    "..",
    ".",
    " . . ",
    "/etc/passwd",
    "C:\\Windows\\system32",
    "CON",
    "nul.mp3",
    "a\u0007\u001b[31mb\u0085c",
    "\u202egnp.exe",
    "x" * 400,
    "ж" * 400,
    "👩‍👩‍👧‍👧" * 60,
    "~root",
    "-rf",
    "$(touch pwned)",
    "name\nwith\nlines",
    "",
)


def test_hostile_titles_of_feed_and_episodes_land_inside_the_feeds_folder(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "archive"
    settings = settings_for(root)
    with PodcastHost() as host:
        entries = feeds.items("t", len(TITLES), host.url("/{n}.mp3", SHOW), length=SIZE)
        body = feeds.rss("../../FEED", entries)
        for number, title in enumerate(TITLES, 1):
            path = f"/{number}.mp3"
            host.table.routes[path] = Route(body=Media(path, SIZE), content_type="audio/mpeg")
            start = body.index(f"<title>{number}. ".encode())
            end = body.index(b"</title>", start)
            # Control characters are no XML: they come as feeds have them, raw.
            body = body[:start] + f"<title>{title}".encode() + body[end:]
        host.table.routes["/show.xml"] = Route(body=body)
        run_once(settings, host.url("/show.xml", SHOW))
    (feed,) = rows(settings, "feeds")
    episodes = rows(settings, "episodes")
    assert [row["state"] for row in episodes] == ["archived"] * len(TITLES)
    folders = {(root / row["path"]).resolve().parent for row in episodes}
    (folder,) = folders
    assert folder.parent == root.resolve()
    assert len({row["path"].casefold() for row in episodes}) == len(TITLES)
    for row in episodes:
        name = Path(row["path"]).name
        assert len(name.encode()) <= 255
        assert name.isprintable()
        assert not name.startswith(("-", ".", "~"))
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["archive"]
    assert {path.name for path in root.iterdir()} == {".podfetch", folder.name}
    assert feed["archived"] == len(TITLES)


@pytest.mark.parametrize("error", ["ZeroDivisionError('nobody thought of it')", "MemoryError()"])
def test_an_internal_error_is_exit_8(error: str) -> None:
    code = (
        "import podfetch_tui.cli.main as program\n"
        "def breaks(**_: object) -> None:\n"
        f"    raise {error}\n"
        "program.podfetch.main = breaks\n"
        "program.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 8
    assert "podfetch: " in done.stderr
