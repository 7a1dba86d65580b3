"""The command line as a user meets it: exit codes, one clear sentence, nothing half done."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.archive import settings_for
from support.program import as_process, podfetch

from podfetch_tui.cli import archive as archives

ROOT = Path(__file__).resolve().parents[2]
LIST = (
    "url,title,priority,tags\nhttp://feeds.example/a.xml,A,5,news\nhttp://feeds.example/b.xml,B,,\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return str(tmp_path / "archive")


def test_a_list_goes_in_and_comes_out_as_json(archive: str, tmp_path: Path) -> None:
    (tmp_path / "feeds.csv").write_text(LIST + "not a url,,,\n", encoding="utf-8-sig")
    done = as_process("--archive", archive, "import", str(tmp_path / "feeds.csv"))
    assert done.returncode == 0, done.stderr
    assert "2 new, 0 duplicate, 1 rejected" in done.stderr
    assert "feeds.csv:4:" in done.stderr
    rows = [
        json.loads(line)
        for line in as_process("--archive", archive, "feeds", "list", "--json").stdout.splitlines()
    ]
    assert [(row["url"], row["priority"], row["tags"]) for row in rows] == [
        ("http://feeds.example/a.xml", 5, ["news"]),
        ("http://feeds.example/b.xml", 0, []),
    ]
    again = podfetch("--archive", archive, "import", "-", stdin=LIST)
    assert "0 new, 2 duplicate" in again.stderr


def test_a_dry_run_changes_nothing(archive: str, tmp_path: Path) -> None:
    (tmp_path / "feeds.csv").write_text(LIST)
    done = podfetch("--archive", archive, "import", "--dry-run", str(tmp_path / "feeds.csv"))
    assert done.returncode == 0
    assert "2 new" in done.stderr
    assert not Path(archive).exists()


def test_a_dry_run_counts_a_feed_of_several_lists_once_and_says_its_own_backlog(
    archive: str, tmp_path: Path
) -> None:
    url = "http://feeds.example/{}.xml".format
    (tmp_path / "a.csv").write_text(f"url,backlog\n{url(1)},none\n{url(2)},since 2024-05-01\n")
    (tmp_path / "b.txt").write_text(f"{url(1)}\n{url(3)}\n")
    words = ("--archive", archive, "--set", "feeds.backlog=since 2020-01-31", "import")
    names = (str(tmp_path / "a.csv"), str(tmp_path / "b.txt"))
    done = podfetch(*words, "--dry-run", *names)
    assert "3 new, 1 duplicate, 0 rejected" in done.stderr
    assert "3 feeds would be polled" in done.stderr
    own = "backlog = since 2020-01-31; of their own: 1 with none, 1 with since 2024-05-01"
    assert own in done.stderr
    plan = json.loads(podfetch(*words, "--dry-run", "--json", *names).stdout)
    assert plan["backlog"] == "since 2020-01-31"
    assert plan["own_backlogs"] == {"none": 1, "since 2024-05-01": 1}
    done = podfetch(*words, "--json", *names)
    assert json.loads(done.stdout).items() >= {"new": 3, "duplicate": 1}.items()


def test_a_dry_run_says_that_an_import_would_find_no_archive_it_can_use(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "letter.txt").write_text("mine")
    for words in (("--dry-run",), ()):
        done = podfetch("--archive", str(tmp_path / "disk"), "import", *words, "-", stdin=LIST)
        assert done.returncode == 7
        assert "is not empty and not an archive" in done.stderr


def test_a_dry_run_names_the_lines_that_would_be_rejected(archive: str) -> None:
    done = podfetch("--archive", archive, "import", "--dry-run", "-", stdin=f"{LIST}no url\n")
    assert done.returncode == 0
    assert "2 new, 0 duplicate, 1 rejected (dry run)" in done.stderr
    assert "not a URL: no url" in done.stderr
    assert f"-:{LIST.count(chr(10)) + 1}: " in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "feeds.csv"),
        ("title,tags\nA,b\n", "url"),
        ("\x00\x01\x02" * 1000, "feeds.csv"),
        ("<!DOCTYPE html><html></html>", "feeds.csv"),
    ],
)
def test_a_list_that_is_none_is_exit_2_and_nothing_is_imported(
    archive: str, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "feeds.csv"
    path.write_text(text)
    done = podfetch("--archive", archive, "import", str(path))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(archive).exists()


def test_a_missing_list_is_exit_2(archive: str) -> None:
    done = podfetch("--archive", archive, "import", "nowhere.csv")
    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr


def test_every_problem_of_the_settings_is_named_at_once_with_exit_3(
    archive: str, tmp_path: Path
) -> None:
    ini = tmp_path / "podfetch.ini"
    ini.write_text("[engine]\npoll_worker = 3\ndownload_workers = many\n[nonsense]\n")
    done = podfetch("--config", str(ini), "--archive", archive, "status")
    assert done.returncode == 3
    for words in ("poll_worker", "poll_workers", "download_workers", "nonsense"):
        assert words in done.stderr


def test_an_archive_that_is_a_file_is_exit_7(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    done = podfetch("--archive", str(tmp_path / "file"), "feeds", "add", "http://feeds.example/")
    assert done.returncode == 7
    assert done.stderr.count("\n") == 1


def test_a_folder_with_other_files_needs_init(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello")
    done = podfetch("--archive", str(tmp_path), "feeds", "add", "http://feeds.example/")
    assert done.returncode == 7
    assert "init" in done.stderr
    assert podfetch("--archive", str(tmp_path), "init").returncode == 0
    done = podfetch("--archive", str(tmp_path), "feeds", "add", "http://feeds.example/")
    assert done.returncode == 0


def test_a_recorded_archive_without_its_marker_is_exit_7(archive: str) -> None:
    assert podfetch("--archive", archive, "feeds", "add", "http://feeds.example/").returncode == 0
    Path(archive, ".podfetch").rename(Path(archive).parent / "elsewhere")
    done = podfetch("--archive", archive, "--once", "--no-ui")
    assert done.returncode == 7
    assert "mounted" in done.stderr


def test_a_newer_archive_is_exit_7(archive: str) -> None:
    assert podfetch("--archive", archive, "feeds", "add", "http://feeds.example/").returncode == 0
    marker = Path(archive, ".podfetch", "archive.json")
    document = json.loads(marker.read_text())
    document["format"] = 99
    marker.write_text(json.dumps(document))
    done = podfetch("--archive", archive, "status")
    assert done.returncode == 7
    assert "newer" in done.stderr


def test_while_an_engine_runs_reading_works_and_changing_is_exit_4(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive")
    with archives.changing(settings):
        root = str(tmp_path / "archive")
        status = podfetch("--archive", root, "status", "--json")
        assert status.returncode == 0, status.stderr
        assert json.loads(status.stdout)["state"] == "running"
        done = podfetch("--archive", root, "feeds", "add", "http://feeds.example/")
        assert done.returncode == 4
        assert str(os.getpid()) in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://feeds.example/a.xml",
        "http://127.0.0.1/a.xml",
        "http://169.254.169.254/",
        "http://2130706433/a.xml",
        "not a url",
    ],
)
def test_an_address_that_is_not_public_is_refused_at_the_door(archive: str, url: str) -> None:
    done = podfetch("--archive", archive, "feeds", "add", url)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_many_changes_need_a_yes(archive: str) -> None:
    podfetch("--archive", archive, "import", "-", stdin=LIST)
    assert podfetch("--archive", archive, "feeds", "check", "--all").returncode == 2
    done = podfetch("--archive", archive, "feeds", "check", "--all", "--yes", "--json")
    assert json.loads(done.stdout) == {"due": 2, "skipped": 0, "dry_run": False}
    podfetch("--archive", archive, "feeds", "remove", "1", "--yes")
    done = podfetch("--archive", archive, "feeds", "check", "--all", "--yes", "--json")
    assert json.loads(done.stdout) == {"due": 1, "skipped": 1, "dry_run": False}


def test_a_missing_file_is_damage_and_exit_6(archive: str) -> None:
    podfetch("--archive", archive, "feeds", "add", "http://feeds.example/")
    assert podfetch("--archive", archive, "verify", "--deep").returncode == 0
    Path(archive, "foreign.txt").write_text("mine")
    done = podfetch("--archive", archive, "verify", "--list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["foreign"] == 1


def test_a_lost_catalogue_is_never_replaced_beside_its_media(archive: str) -> None:
    podfetch("--archive", archive, "feeds", "add", "http://feeds.example/")
    media = Path(archive, "Some show", "2026-11-23 one.mp3")
    media.parent.mkdir()
    media.write_bytes(b"all that is left")
    catalog = Path(archive, ".podfetch", "catalog.db")
    catalog.unlink()
    done = podfetch("--archive", archive, "feeds", "add", "http://feeds.example/")
    assert done.returncode == 7
    assert "missing" in done.stderr
    assert not catalog.exists()


def test_feeds_are_listed_and_chosen_by_one_filter(archive: str) -> None:
    podfetch("--archive", archive, "import", "-", stdin=LIST)

    def urls(*words: str) -> list[str]:
        done = podfetch("--archive", archive, "feeds", "list", "--json", *words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line)["url"][-5:] for line in done.stdout.splitlines()]

    assert urls("tag:news", "priority>3") == ["a.xml"]
    assert urls("!tag:news") == ["b.xml"]
    assert urls("--sort", "-title") == ["b.xml", "a.xml"]
    assert urls("--sort", "-title", "--limit", "1") == ["b.xml"]
    checked = podfetch("--archive", archive, "feeds", "check", "host:feeds", "--yes", "--json")
    assert json.loads(checked.stdout)["due"] == 2
    shown = podfetch("--archive", archive, "feeds", "show", "tag:news", "--json")
    assert json.loads(shown.stdout)["title"] == "A"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("feeds", "list", "fail>many"), "column 6: fail: takes a whole number"),
        (("feeds", "list", "erro:x"), "did you mean err?"),
        (("feeds", "list", "--sort", "tag"), "cannot be sorted by 'tag'"),
        (("feeds", "show", "host:feeds"), "2 feeds pass 'host:feeds': name one by its id (1, 2)"),
        (("feeds", "show", "host:nowhere"), "no feed passes"),
        (("feeds", "show", "9" * 5000), "no feed"),
        (("feeds", "check", "1", "host:feeds"), "not both"),
        (("episodes", "list", "a | b", "--state", "failed"), "each alternative"),
        (("episodes", "retry", "state:nope"), "state: 'nope' is none of its words"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_and_says_why(
    archive: str, words: tuple[str, ...], says: str
) -> None:
    podfetch("--archive", archive, "import", "-", stdin=LIST)
    done = podfetch("--archive", archive, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
