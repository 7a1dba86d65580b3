"""Opening a catalogue: fresh, old, new, foreign, broken, out of reach."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cataloguing import bench, recount
from support.mounts import fuse_mirror, make_read_only, small_disk

from podfetch_tui.catalog.create import statements
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.schema import APPLICATION_ID, FORMAT, REVISION
from podfetch_tui.model.errors import ArchiveUnusable
from podfetch_tui.system import filesystems

FIXTURES = Path(__file__).parents[2] / "fixtures"
KEPT = ("feed", "episode", "episode_key", "media", "derivative", "outcome", "list_source")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


def refusal(path: Path, *, create: bool = False, read_only: bool = False) -> str:
    with pytest.raises(ArchiveUnusable) as caught:
        Catalog.open(path, create=create, read_only=read_only).close()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Cursor]:
    with (
        Catalog.open(path, create=False, read_only=True) as catalog,
        catalog.reader().cursor() as cursor,
    ):
        yield cursor


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    row = connection.execute(f"PRAGMA {name}").fetchone()
    connection.close()
    return row[0] if row else None


def test_a_fresh_catalogue_is_whole_private_and_says_whose_it_is(path: Path) -> None:
    Catalog.open(path, create=True).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == FORMAT
    assert pragma(path, "journal_mode") == "wal"
    assert recount(path) == []


def test_what_is_in_it_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        books.add_feeds("https://a.example/")
    with bench(tmp_path) as books:
        assert books.add_feeds("https://a.example/", "https://b.example/") == (2,)


def test_the_writing_connection_syncs_every_commit_and_checks_references(path: Path) -> None:
    with Catalog.open(path, create=True) as catalog, catalog.engine.connect() as connection:
        wanted = {"synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0, "trusted_schema": 0}
        for name, value in wanted.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_a_name_with_special_characters_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "cat?a=1#b%20 ä.db"
    Catalog.open(path, create=True).close()
    assert sorted(tmp_path.iterdir()) == [path]
    Catalog.open(path, create=False, read_only=True).close()


def test_a_missing_catalogue_is_not_made_unasked(path: Path) -> None:
    assert "is missing; restore" in refusal(path)
    assert "is missing; restore" in refusal(path, create=True, read_only=True)
    assert not path.exists()


def test_a_catalogue_that_a_crash_left_empty_is_completed_only_when_asked(path: Path) -> None:
    path.touch()
    assert "is empty; restore" in refusal(path)
    Catalog.open(path, create=True).close()
    assert recount(path) == []


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir()
    assert "is a folder" in refusal(path, create=True)
    assert "does not exist" in refusal(path.parent / "nowhere" / "catalog.db", create=True)


@pytest.mark.parametrize(
    "content", [b"not a database, " * 400, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_garbage_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "restore the newest backup" in refusal(path, create=True)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    change(path, "CREATE TABLE bookmarks (id INTEGER)")
    assert "is not a PodFetch catalogue" in refusal(path, create=True)
    change(path, "PRAGMA application_id = 77", "DROP TABLE bookmarks")
    assert "is not a PodFetch catalogue" in refusal(path, create=True)
    assert "is not a PodFetch catalogue" in refusal(path, read_only=True)


def test_a_newer_format_is_refused_and_left_alone(path: Path) -> None:
    Catalog.open(path, create=True).close()
    change(path, f"PRAGMA user_version = {FORMAT + 1}")
    before = path.read_bytes()
    assert "upgrade PodFetch" in refusal(path, create=True)
    assert "upgrade PodFetch" in refusal(path, read_only=True)
    assert path.read_bytes() == before


def test_an_archive_of_every_released_format_is_backed_up_then_migrated(path: Path) -> None:
    for script in sorted(FIXTURES.glob("catalogue-*.sql")):
        old = sqlite3.connect(path, isolation_level=None)
        old.executescript(script.read_text(encoding="utf-8"))
        kept = [old.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in KEPT]
        old.close()
        assert pragma(path, "user_version") < FORMAT  # type: ignore[operator]
        assert "start podfetch once" in refusal(path, read_only=True)
        with bench(path.parent) as books:
            now = [books.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in KEPT]
            assert [
                [row[: len(was[0])] for row in rows] for rows, was in zip(now, kept, strict=True)
            ] == kept
            assert len(books.add_feeds("https://a.example/")) == 1
        assert pragma(path, "user_version") == FORMAT
        assert pragma(path, "foreign_key_check") is None
        assert recount(path) == []
        (backup,) = path.parent.glob(f"*.before-{REVISION}.*")
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert recount(backup) == []
        for left in path.parent.iterdir():
            left.unlink()


def test_migrations_and_declared_tables_are_the_same(tmp_path: Path) -> None:
    from podfetch_tui.catalog.connections import writer_engine
    from podfetch_tui.catalog.migrate import upgrade

    fresh, migrated = tmp_path / "fresh.db", tmp_path / "migrated.db"
    Catalog.open(fresh, create=True).close()
    engine = writer_engine(migrated)
    with engine.connect() as connection, connection.begin():
        upgrade(connection)
    engine.dispose()

    def shape(path: Path) -> list[tuple[str, str]]:
        connection = sqlite3.connect(path)
        rows = connection.execute("SELECT name, coalesce(sql, '') FROM sqlite_master").fetchall()
        tallies = connection.execute("SELECT name, value FROM tally").fetchall()
        versions = connection.execute("SELECT version_num, '' FROM alembic_version").fetchall()
        connection.close()
        return sorted((name, " ".join(str(sql).split())) for name, sql in rows + tallies + versions)

    assert shape(migrated) == shape(fresh)
    assert pragma(migrated, "user_version") == FORMAT


def test_every_table_is_strict() -> None:
    tables = [sql for sql in statements() if sql.lstrip().startswith("CREATE TABLE")]
    assert len(tables) > 15
    assert all(sql.rstrip().endswith("STRICT") for sql in tables)


@pytest.mark.parametrize(
    "bad",
    [
        "INSERT INTO feed (url, state) VALUES ('a', 'sleeping')",
        "INSERT INTO feed (url, breaker) VALUES ('a', 'ajar')",
        "INSERT INTO feed (url) VALUES ('a'), ('a')",
        "INSERT INTO feed (url, priority) VALUES ('a', 'high')",
        "INSERT INTO episode (feed_id, first_seen_at) VALUES (99, 0)",
        "INSERT INTO outcome (at, job, result, feed_id, code, detail, host, duration_ms, bytes,"
        " attempt) VALUES (0, 'guess', 'success', 1, '', '', '', 0, 0, 1)",
        "INSERT INTO media (sha256, bytes, validity, sealed_at) VALUES (x'00', 1, 'fine', 0)",
        "INSERT INTO derivative (episode_id, kind, state) VALUES (1, 'sidecar', 'soon')",
    ],
)
def test_the_tables_refuse_what_makes_no_sense(path: Path, bad: str) -> None:
    with Catalog.open(path, create=True) as catalog, catalog.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        with pytest.raises(sqlite3.IntegrityError):
            driver.execute(bad)


def test_a_second_reader_opens_beside_the_writer(tmp_path: Path) -> None:
    with bench(tmp_path) as books:
        books.add_feeds("https://a.example/")
        path = tmp_path / "catalog.db"
        with reading(path) as cursor:
            assert cursor.execute("SELECT count(*) FROM feed").fetchall() == [(1,)]
        books.add_feeds("https://b.example/")


def test_a_locked_catalogue_says_who_is_to_blame(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podfetch_tui.catalog.connections._BUSY_MS", 10)
    Catalog.open(path, create=True).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "held by another program" in refusal(path)
    other.close()
    Catalog.open(path, create=False).close()


def test_opening_does_not_load_what_only_migrations_need(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from podfetch_tui.catalog.open import Catalog;"
        "Catalog.open(Path(sys.argv[1]), create=True).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, os.fspath(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "False"


@pytest.mark.root
def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        assert "free some space" in refusal(disk / "catalog.db", create=True)


@pytest.mark.root
def test_a_read_only_disk_is_said_to_be_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        Catalog.open(disk / "catalog.db", create=True).close()
        make_read_only(disk)
        assert "writable" in refusal(disk / "catalog.db")
        with reading(disk / "catalog.db") as cursor:
            assert cursor.execute("SELECT count(*) FROM feed").fetchall() == [(0,)]


def test_a_catalogue_on_a_network_file_system_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystems, "_MOUNTINFO", table := path.parent / "mountinfo")
    monkeypatch.setattr(sys, "platform", "linux")
    table.write_text(f"36 25 0:31 / {path.parent} rw shared:1 - nfs4 nas:/pods rw\n")
    said = refusal(path, create=True)
    assert "nfs4 (nas:/pods)" in said
    assert "set archive.catalog to a file on a local disk" in said
    assert not path.exists()


def test_a_link_to_a_network_file_system_does_not_hide_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = path.parent / "nas"
    there.mkdir()
    path.symlink_to(there / "catalog.db")
    monkeypatch.setattr(filesystems, "_MOUNTINFO", table := path.parent / "mountinfo")
    monkeypatch.setattr(sys, "platform", "linux")
    table.write_text(f"36 25 0:31 / {there} rw - cifs //nas/pods rw\n")
    assert "cifs (//nas/pods)" in refusal(path, create=True)


@pytest.mark.root
def test_a_catalogue_on_a_fuse_mount_is_refused(tmp_path: Path) -> None:
    with fuse_mirror(tmp_path / "mirror", tmp_path / "disk") as at:
        assert "fuse" in refusal(at / "catalog.db", create=True)
        assert list(at.iterdir()) == []
