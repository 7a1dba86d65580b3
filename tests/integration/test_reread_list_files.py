"""The lists of ``[feeds] lists`` at each start: changed, moved away, broken, cut, accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.program import json_lines, podfetch

Run = Callable[..., "CompletedProcess[str]"]


def url(number: int) -> str:
    return f"http://h{number}.example/feed"


def write_csv(path: Path, numbers: Iterable[int]) -> None:
    path.write_text("url,title\n" + "".join(f"{url(n)},Feed {n}\n" for n in numbers))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings that name one list."""
    (tmp_path / "podfetch.ini").write_text(
        f"[archive]\nroot = {tmp_path / 'archive'}\nmin_free = 0\n[feeds]\nlists = mine.csv\n"
    )
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def start(*words: str) -> CompletedProcess[str]:
        wanted = words or ("--no-ui", "--paused", "--for", "1ms")
        return podfetch("--config", str(folder / "podfetch.ini"), *wanted)

    return start


def states(folder: Path) -> dict[str, tuple[str, str]]:
    rows = json_lines("--config", str(folder / "podfetch.ini"), "feeds", "list", "--json")
    return {row["url"]: (row["state"], row["state_reason"]) for row in rows}


def test_a_start_reads_the_lists_again(folder: Path, run: Run) -> None:
    mine = folder / "mine.csv"
    write_csv(mine, [1, 2])
    done = run()
    assert done.returncode == 0, done.stderr
    assert f"{mine}: 2 new, 0 changed, 0 paused, 0 rejected" in done.stderr
    assert run("feeds", "add", url(7)).returncode == 0
    write_csv(mine, [2, 3])
    assert f"{mine}: 1 new, 0 changed, 1 paused, 0 rejected" in run().stderr
    assert states(folder) == {
        url(1): ("paused", f"removed from {mine}"),
        url(2): ("active", ""),
        url(3): ("active", ""),
        url(7): ("active", ""),
    }
    write_csv(mine, [1, 2, 3])
    assert f"{mine}: 0 new, 1 changed, 0 paused, 0 rejected" in run().stderr
    assert f"{mine}: unchanged" in run().stderr
    assert set(states(folder).values()) == {("active", "")}


def test_a_list_that_is_gone_broken_or_cut_pauses_nothing(folder: Path, run: Run) -> None:
    mine = folder / "mine.csv"
    write_csv(mine, range(10, 20))
    whole = mine.read_bytes()
    outlines = "".join(f'<outline xmlUrl="{url(n)}"/>\n' for n in range(10, 20))
    opml = f"<opml>\n{outlines}</opml>".encode()
    run()
    broken = {
        "line 1: the list is empty": b"",
        "not well-formed": opml[: len(opml) // 2],
        "this is binary data": whole[:40] + bytes(len(whole) - 40),
        "the last line may be cut off": whole[: len(whole) // 2],
        "cannot be read": None,
    }
    for message, data in broken.items():
        mine.unlink()
        if data is not None:
            mine.write_bytes(data)
        done = run()
        assert done.returncode == 0
        assert [message in line for line in done.stderr.splitlines()].count(True) == 1
    assert set(states(folder).values()) == {("active", "")}
    assert len(states(folder)) == 10


def test_a_list_that_was_never_read_and_cannot_be_ends_the_start(folder: Path, run: Run) -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert "mine.csv: cannot be read: No such file" in done.stderr
    (folder / "mine.csv").write_text("<opml>\n<outline")
    done = run()
    assert done.returncode == 2
    assert "mine.csv: line 2: this OPML is not well-formed" in done.stderr
    assert not (folder / "archive").exists()


def test_many_removals_wait_until_they_are_accepted(folder: Path, run: Run) -> None:
    mine = folder / "mine.csv"
    write_csv(mine, range(50))
    run()
    write_csv(mine, range(10))
    done = run()
    assert f"podfetch: {mine}: 40 of 50 feeds are not in it any more" in done.stderr
    assert "podfetch feeds accept-removals" in done.stderr
    assert {state for state, _ in states(folder).values()} == {"active"}

    done = run("feeds", "accept-removals", "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert (plan["paused"], plan["dry_run"]) == (40, True)
    assert plan["lists"][0]["list"] == str(mine)
    assert len(plan["lists"][0]["feeds"]) == 40
    done = run("feeds", "accept-removals")
    assert done.returncode == 2
    assert "say --yes" in done.stderr
    assert run("feeds", "accept-removals", "other.csv", "--yes").returncode == 2
    assert {state for state, _ in states(folder).values()} == {"active"}

    done = run("feeds", "accept-removals", str(mine), "--yes", "--json")
    assert json.loads(done.stdout)["paused"] == 40
    found = states(folder)
    assert [state for state, _ in found.values()].count("paused") == 40
    assert found[url(49)] == ("paused", f"removed from {mine}")
    assert "nothing is held" in run("feeds", "accept-removals").stderr


def test_an_import_only_adds_and_changes(folder: Path, run: Run) -> None:
    mine = folder / "mine.csv"
    write_csv(mine, [1, 2])
    run("import", str(mine))
    write_csv(mine, [2, 3])
    assert "1 new, 1 duplicate" in run("import", str(mine)).stderr
    assert set(states(folder).values()) == {("active", "")}
    # As a configured list the same file holds the same feeds.
    run()
    assert states(folder)[url(1)] == ("paused", f"removed from {mine}")
