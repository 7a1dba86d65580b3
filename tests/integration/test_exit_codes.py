"""The exit code says whether all, some or none of what was asked for was done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.program import podfetch

GOOD = "http://feeds.example/{}.xml\n"
BAD = "ftp://feeds.example/x.xml\n"


@pytest.fixture
def archive(tmp_path: Path) -> tuple[str, ...]:
    options = ("--archive", str(tmp_path / "archive"))
    urls = [GOOD.format(number).strip() for number in (1, 2)]
    assert podfetch(*options, "feeds", "add", *urls).returncode == 0
    return options


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD.format(1), 0),
        (GOOD.format(3) + BAD, 0),
        (GOOD.format(1) + BAD, 0),
        (BAD + BAD, 2),
    ],
)
@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_an_import_fails_only_where_no_line_can_be_taken(
    archive: tuple[str, ...], text: str, code: int, dry_run: tuple[str, ...]
) -> None:
    done = podfetch(*archive, "import", *dry_run, "-", stdin=text)
    assert done.returncode == code, done.stderr
    assert ("ftp://" in done.stderr) is (BAD in text)


def test_an_import_of_bad_lines_alone_makes_no_archive(tmp_path: Path) -> None:
    done = podfetch("--archive", str(tmp_path / "new"), "import", "--json", "-", stdin=BAD)
    assert done.returncode == 2
    assert "-:1: " in done.stderr
    assert json.loads(done.stdout)["rejected"] == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pause", "2"), 0),
        (("pause", "1", "2", "--yes"), 1),
        (("pause", "state:paused|state:active", "--yes"), 0),
        (("pause", "state:paused"), 1),
        (("check", "1"), 1),
        (("check", "1", "2", "--yes"), 1),
        (("check", "2"), 0),
        (("check", "--all", "--yes"), 0),
        (("resume", "1", "2", "--yes", "--dry-run"), 1),
    ],
)
def test_what_was_named_and_refused_is_told_by_the_exit_code(
    archive: tuple[str, ...], words: tuple[str, ...], code: int
) -> None:
    assert podfetch(*archive, "feeds", "pause", "1").returncode == 0
    done = podfetch(*archive, "feeds", *words)
    assert done.returncode == code, done.stderr


def test_an_undo_that_leaves_a_feed_as_it_is_says_so_by_its_exit_code(
    archive: tuple[str, ...],
) -> None:
    done = podfetch(*archive, "feeds", "pause", "1", "2", "--yes", "--json")
    operation = str(json.loads(done.stdout)["operation"])
    assert podfetch(*archive, "feeds", "resume", "1").returncode == 0
    undone = podfetch(*archive, "undo", operation, "--json")
    told = json.loads(undone.stdout)
    assert (undone.returncode, told["undone"]) == (1, 1)
    assert [one["id"] for one in told["refused"]] == [1]


@pytest.mark.parametrize(
    "option",
    [
        ("--once",),
        ("--no-ui",),
        ("--paused",),
        ("--for", "1h"),
        ("--log-format", "json"),
        ("--feeds", "nowhere.csv"),
    ],
)
def test_an_option_of_a_run_is_not_passed_over_before_a_command(
    archive: tuple[str, ...], option: tuple[str, ...]
) -> None:
    done = podfetch(*archive, *option, "feeds", "list")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"podfetch: {option[0]} is for a run of the engine")


def test_quiet_says_only_what_went_wrong(archive: tuple[str, ...]) -> None:
    done = podfetch("-q", *archive, "import", "-", stdin=GOOD.format(1))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = podfetch("-q", *archive, "import", "-", stdin=GOOD.format(1) + BAD)
    assert done.stderr.startswith("  -:2: ")
    assert podfetch("-q", *archive, "feeds", "pause", "1").stderr == ""
    assert "is paused" in podfetch("-q", *archive, "feeds", "pause", "1").stderr
