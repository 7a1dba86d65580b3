"""The document of a feed is kept byte for byte, once, and replaced when it changes."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.archive import make_due, run_once, settings_for
from support.program import podfetch_bytes

from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.model.settings import Settings


@pytest.fixture
def host() -> Iterator[PodcastHost]:
    with PodcastHost() as serving:
        yield serving


def document(count: int) -> bytes:
    entries = feeds.items("raw", count, "http://127.0.0.9:9/{n}.mp3", length=9, notes_bytes=50)
    return feeds.rss("Raw", entries)


def raw(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return podfetch_bytes("--archive", str(root), "feeds", "raw", *words)


def polling(root: Path) -> Settings:
    return settings_for(root, engine={"download_workers": 0})


def bodies(root: Path) -> list[tuple[int, bytes, int]]:
    with contextlib.closing(sqlite3.connect(root / ".podfetch" / "catalog.db")) as books, books:
        found = books.execute("SELECT feed_id, sha256, bytes FROM feed_body").fetchall()
    books.close()
    return found


def test_the_document_comes_out_as_it_came_and_is_replaced_when_it_changes(
    host: PodcastHost, tmp_path: Path
) -> None:
    root, first, second = tmp_path / "a", document(2), document(3)
    settings = polling(root)
    host.table.routes["/raw.xml"] = Route(body=first, gzip=True)
    run_once(settings, host.url("/raw.xml", "127.0.0.9"))
    printed = raw(root, "1")
    assert (printed.returncode, printed.stdout) == (0, first)
    assert bodies(root) == [(1, hashlib.sha256(first).digest(), len(first))]

    host.table.routes["/raw.xml"] = Route(body=second)
    make_due(settings)
    run_once(settings)
    printed = raw(root, "1", "-o", str(tmp_path / "out.xml"))
    assert (printed.returncode, printed.stdout) == (0, b"")
    assert (tmp_path / "out.xml").read_bytes() == second
    assert bodies(root) == [(1, hashlib.sha256(second).digest(), len(second))]


def test_the_outcome_names_the_digest_of_what_was_polled(host: PodcastHost, tmp_path: Path) -> None:
    root, body = tmp_path / "a", document(1)
    host.table.routes["/raw.xml"] = Route(body=body)
    settings = polling(root)
    run_once(settings, host.url("/raw.xml", "127.0.0.9"))
    make_due(settings)
    run_once(settings)
    with contextlib.closing(sqlite3.connect(root / ".podfetch" / "catalog.db")) as books, books:
        found = books.execute("SELECT code, sha256 FROM outcome ORDER BY id").fetchall()
    books.close()
    digest = hashlib.sha256(body).digest()
    assert found == [("ok", digest), ("unchanged", digest)]


def test_a_document_that_cannot_be_read_does_not_replace_the_last_good_one(
    host: PodcastHost, tmp_path: Path
) -> None:
    root, body = tmp_path / "a", document(1)
    host.table.routes["/raw.xml"] = Route(body=body)
    settings = polling(root)
    run_once(settings, host.url("/raw.xml", "127.0.0.9"))
    host.table.routes["/raw.xml"] = Route(body=b"<html><p>Sorry</html>")
    make_due(settings)
    run_once(settings)
    assert raw(root, "1").stdout == body


def test_a_feed_without_a_document_says_so(host: PodcastHost, tmp_path: Path) -> None:
    root = tmp_path / "a"
    settings = polling(root)
    host.table.routes["/raw.xml"] = Route(body=b"", status=404)
    run_once(settings, host.url("/raw.xml", "127.0.0.9"))
    printed = raw(root, "1")
    assert printed.returncode == 1
    assert b"no document of feed 1 is kept yet" in printed.stderr
