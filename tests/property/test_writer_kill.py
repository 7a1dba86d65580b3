"""kill -9 at any moment of a process that writes: what is left is whole writes."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support.cataloguing import bench, recount

ROUNDS = 12
CHILD = """
import itertools, sys
from pathlib import Path
from support.cataloguing import AT, archive, bench, draft, finish, poll
from podfetch_tui.model.writes import Polled

with bench(Path(sys.argv[1])) as books:
    for turn in itertools.count(int(sys.argv[2])):
        feeds = books.add_feeds(*(f"https://{turn}-{n}.example/" for n in range(4)))
        drafts = [draft(str(n), summary="x" * 3000) for n in range(25)]
        futures = [
            books.writer.submit(finish(feed, poll(feed, *drafts, folder="Same", url=None)))
            for feed in feeds
        ]
        for future in futures:
            receipt = future.result()
            assert isinstance(receipt, Polled)
            books.archive(receipt.pending[0], "Show/same.mp3", str(turn % 3).encode())
            print(receipt.pending[0], flush=True)
"""


def rows(path: Path, sql: str) -> list[tuple[int, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_a_killed_writer_leaves_whole_writes_and_keeps_its_receipts(tmp_path: Path) -> None:
    rng = random.Random(7)
    tests = Path(__file__).parents[1]
    path = tmp_path / "catalog.db"
    promised: set[int] = set()
    for number in range(ROUNDS):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, os.fspath(tmp_path), str(number * 1000)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"},
        )
        assert child.stdout is not None
        with child.stdout as lines:
            for _ in range(rng.randint(1, 30)):
                promised.add(int(lines.readline()))
            child.send_signal(signal.SIGKILL)
            promised |= {int(line) for line in lines if line.endswith("\n")}
        assert child.wait() == -signal.SIGKILL
        with bench(tmp_path) as books:  # recovers the log
            assert books.one("SELECT count(*) FROM feed") > 0
        assert recount(path) == []
        polled = "SELECT feed_id FROM episode GROUP BY feed_id HAVING count(*) <> 25"
        assert rows(path, polled) == []
        unreported = (
            "SELECT id FROM feed WHERE polls_ok <> (SELECT count(*) FROM outcome"
            " WHERE feed_id = feed.id AND job = 'poll') OR (polls_ok > 0) <> (episodes > 0)"
        )
        assert rows(path, unreported) == []
        archived = {n for (n,) in rows(path, "SELECT id FROM episode WHERE state = 'archived'")}
        assert promised <= archived
        outcomes = rows(path, "SELECT episode_id FROM outcome WHERE job = 'download'")
        assert sorted(n for (n,) in outcomes) == sorted(archived)
    assert len(promised) >= ROUNDS
