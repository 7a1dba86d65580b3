"""A running engine follows its INI: good files within two seconds, bad ones not at all."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest
from support.reloading import HEAD, IDLE, Reloading, reloading
from support.wait import wait_for

from podfetch_tui.demo import feeds
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Route
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.commands import CheckFeeds

WITHIN_S = 2.0


def test_a_change_holds_soon_and_is_told_and_kept(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        began = time.monotonic()
        run.write("[engine]\npoll_workers = 7\nper_host = 4\nhost_spacing = 2s\n")
        text = run.wait_for_event("settings_changed")
        assert time.monotonic() - began < WITHIN_S
        assert text == (
            "engine.poll_workers 0 → 7, engine.download_workers 0 → 8, engine.per_host 2 → 4,"
            " engine.host_spacing 0s → 2s"
        )
        assert run.engine.slots.limit(Lane.POLL) == 7
        assert run.engine.settings.engine.per_host == 4
        view = run.engine.reconfigure.view
        assert (view.generation, view.problems, view.file) == (2, (), str(run.ini))
        assert view.watched == "notices"
        run.ini.touch()  # what counts is what is in it
        assert run.engine.reconfigure.reload().text == "nothing changed"
        assert run.engine.reconfigure.view.generation == 2
        assert len(run.events("settings_changed")) == 1


def _half(run: Reloading) -> None:
    run.write("[engine]\nper_host = 5\n[netwo")


def _wrong_unit(run: Reloading) -> None:
    run.write("bandwidth = 80 parsecs\n")


def _out_of_range(run: Reloading) -> None:
    run.write("[engine]\nper_host = 0\n")


def _unknown(run: Reloading) -> None:
    run.write("[engine]\nper_hosts = 3\n")


def _deleted(run: Reloading) -> None:
    run.ini.unlink()


def _folder(run: Reloading) -> None:
    run.ini.unlink()
    run.ini.mkdir()


def _not_text(run: Reloading) -> None:
    run.ini.write_bytes(b"[engine]\nper_host = \xff\n")


def _contradiction(run: Reloading) -> None:
    run.write("[engine]\nbatch_min = 400\nbatch_max = 300\n")


def _emptied(run: Reloading) -> None:
    run.ini.write_text("")


def _cut_off(run: Reloading) -> None:
    run.ini.write_bytes(run.ini.read_bytes()[:-2])


def _list_that_is_none(run: Reloading) -> None:
    run.write("[feeds]\nlists = nowhere.opml\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_half, "podfetch.ini:8: expected ] at the end of a section's name"),
        (_wrong_unit, 'podfetch.ini:6: network.bandwidth = "80 parsecs":'),
        (_out_of_range, "(1 to 1024, default 2)"),
        (_unknown, "unknown key engine.per_hosts (did you mean per_host?)"),
        (_deleted, "podfetch.ini: cannot be read: No such file or directory"),
        (_folder, "podfetch.ini: cannot be read: it is a folder"),
        (_not_text, "podfetch.ini:2: there are bytes that are not UTF-8"),
        (_contradiction, "engine.batch_min (400) is above engine.batch_max (300)"),
        (_emptied, "podfetch.ini: the file is empty now (if that is meant, leave a comment in it)"),
        (_cut_off, "podfetch.ini:7: the file ends within a line that was longer"),
        (_list_that_is_none, "nowhere.opml: cannot be read"),
    ],
)
def test_a_bad_file_changes_nothing_and_one_event_says_where(
    tmp_path: Path, spoil: object, says: str
) -> None:
    with reloading(tmp_path, "[engine]\nper_host = 32\n") as run:
        before = run.engine.settings
        began = time.monotonic()
        assert callable(spoil)
        spoil(run)
        text = run.wait_for_event("settings_rejected")
        assert time.monotonic() - began < WITHIN_S
        assert says in text
        assert text.endswith("the settings stay as they were")
        assert text.startswith("podfetch.ini")  # without its folder, which hides the reason
        assert run.engine.settings is before
        view = run.engine.reconfigure.view
        assert view.rejected_at is not None
        assert says in view.problems[0]

        # Asked again it says the same, and changes nothing either.
        asked = run.engine.reconfigure.reload()
        assert not asked.ok
        assert says in asked.text
        assert run.engine.settings is before
        # Limits can be changed all the while.
        assert run.engine.reconfigure.change([("engine.per_host", "9")]).ok
        assert run.engine.settings.engine.per_host == 9

        if run.ini.is_dir():
            run.ini.rmdir()
        run.write("[engine]\nper_host = 32\n")
        run.wait_for_event("settings_restored")
        assert run.engine.reconfigure.view.rejected_at is None
        assert run.engine.settings.engine.per_host == 9
        assert len(run.events("settings_rejected")) == 1


def test_a_file_may_be_replaced_moved_away_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    with reloading(tmp_path, ini=folder / "podfetch.ini") as run:
        # As editors save: a new file beside it, renamed over it.
        fresh = folder / ".podfetch.ini.swp"
        fresh.write_text(HEAD + "[engine]\nper_host = 4\n")
        fresh.replace(run.ini)
        assert "per_host 2 → 4" in run.wait_for_event("settings_changed")
        # As others do: the old one moved away, a new one written.
        run.ini.rename(folder / "podfetch.ini~")
        run.ini.write_text(HEAD + "[engine]\nper_host = 5\n")
        assert "per_host 4 → 5" in run.wait_for_event("settings_changed", 2)
        # The whole folder goes, and another one comes.
        folder.rename(tmp_path / "old")
        run.wait_for_event("settings_rejected")
        folder.mkdir()
        run.ini.write_text(HEAD + "[engine]\nper_host = 6\n")
        assert "per_host 5 → 6" in run.wait_for_event("settings_changed", 3)
        wait_for(lambda: run.engine.files.mode == "notices")


def test_a_link_that_is_turned_to_another_file_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "..first", tmp_path / "..second"
    for folder, hosts in ((first, 3), (second, 8)):
        folder.mkdir()
        root = f"[archive]\nroot = {tmp_path / 'archive'}\nmin_free = 0\n"
        (folder / "podfetch.ini").write_text(f"{root}[engine]\nper_host = {hosts}\n")
    data, ini = tmp_path / "..data", tmp_path / "podfetch.ini"
    data.symlink_to(first.name)
    ini.symlink_to("..data/podfetch.ini")
    with reloading(tmp_path, None, ini=ini) as run:
        assert run.engine.settings.engine.per_host == 3
        turned = tmp_path / "..data_tmp"
        turned.symlink_to(second.name)
        turned.replace(data)
        assert "per_host 3 → 8" in run.wait_for_event("settings_changed")


def test_what_needs_a_restart_waits_and_says_so(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        run.write(f"{IDLE}[monitor]\nmetrics = 127.0.0.1:9464\n[ui]\ntheme = nord\n")
        assert (
            run.wait_for_event("settings_pending") == "after a restart: monitor.metrics, ui.theme"
        )
        view = run.engine.reconfigure.view
        assert view.pending == ("monitor.metrics", "ui.theme")
        assert run.engine.settings.monitor.metrics == "off"
        rows = {row.key: row for row in run.engine.reconfigure.rows()}
        assert rows["monitor.metrics"].pending
        assert rows["monitor.metrics"].text == "127.0.0.1:9464"
        assert not rows["engine.per_host"].pending
        run.write(IDLE)
        wait_for(lambda: run.engine.reconfigure.view.pending == ())
        assert len(run.events("settings_pending")) == 1
        assert run.events("settings_changed") == []


def test_every_change_is_kept_with_its_old_and_new_value(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        run.write(f"{IDLE}per_host = 4\n[alerts]\nwebhook = http://me:hunter2@h.example/x\n")
        assert "hunter2" not in run.wait_for_event("settings_changed")
        run.engine.reconfigure.change([("engine.per_host", "6")])
        run.engine.services.writer.flush()
        with contextlib.closing(sqlite3.connect(run.engine.services.catalog.path)) as books:
            query = "SELECT key, old, new, source FROM setting_change ORDER BY id"
            found = books.execute(query).fetchall()
        assert found == [
            ("engine.per_host", "2", "4", "file"),
            ("alerts.webhook", "", "***", "file"),
            ("engine.per_host", "4", "6", "operator"),
        ]


def test_a_credentials_file_that_changes_holds_soon_and_a_bad_one_does_not(
    tmp_path: Path,
) -> None:
    secrets = tmp_path / "podfetch.credentials"

    def save(text: str, mode: int = 0o600) -> None:
        beside = tmp_path / "podfetch.credentials.new"
        beside.write_text(text)
        beside.chmod(mode)
        beside.replace(secrets)

    with PodcastHost() as host:
        url = host.url("/show.xml", "127.0.0.9")
        host.table.routes["/show.xml"] = Route(body=feeds.rss("Show", []))

        def shown() -> list[str | None]:
            return [one.headers.get("authorization") for one in host.asked("/show.xml")]

        def poll(run: Reloading, token: str) -> None:
            """Have it polled until it shows the token, and once more at the least."""
            before = len(shown())

            def is_shown() -> bool:
                run.engine.commands.apply(CheckFeeds(feed_ids=(1,)))
                return f"Bearer {token}" in shown()[before:]

            wait_for(is_shown)

        save(f"[{url}]\ntoken = first-canary\n")
        with reloading(tmp_path, "[feeds]\nmin_interval = 15m\n", url) as run:
            wait_for(shown)
            assert shown() == ["Bearer first-canary"]
            save(f"[{url}]\ntoken = second-canary\n")
            assert run.wait_for_event("settings_changed") == "credentials"
            poll(run, "second-canary")
            save(f"[{url}]\ntoken = third-canary\n", 0o644)
            text = run.wait_for_event("settings_rejected")
            assert "the credentials file is refused" in text
            poll(run, "second-canary")
            save(f"[{url}]\ntokem = fourth-canary\n")
            text = run.wait_for_event("settings_rejected", 2)
            assert "podfetch.credentials:2: unknown key tokem" in text
            poll(run, "second-canary")
            save(f"[{url}]\ntoken = fifth-canary\n")
            wait_for(lambda: len(run.events("settings_changed")) > 1)
            poll(run, "fifth-canary")
            tokens = {f"Bearer {which}-canary" for which in ("first", "second", "fifth")}
            assert set(shown()) == tokens, "what was refused is never shown"
            said = " ".join(event.text for event in run.engine.events.watch(0, 0).events)
            assert "canary" not in said


def test_a_file_that_is_written_slowly_is_read_when_it_is_whole(tmp_path: Path) -> None:
    with reloading(tmp_path, "[engine]\nper_host = 3\n") as run:
        half = f"{HEAD}[engine]\nper_host = 1"
        with run.ini.open("w") as slow:
            slow.write(half)
            slow.flush()
            wait_for(lambda: run.engine.reconfigure._suspect == half)
            slow.write("2\n")
        assert run.wait_for_event("settings_changed") == "engine.per_host 3 → 12"
        # Whoever never ends the last line is heard all the same.
        run.ini.write_text(f"{HEAD}[engine]\nper_host = 7")
        assert run.wait_for_event("settings_changed", 2) == "engine.per_host 12 → 7"
        # And lines that are gone are an edit.
        run.ini.write_text(f"{HEAD}[engine]\n")
        assert run.wait_for_event("settings_changed", 3) == "engine.per_host 7 → 2"
        assert run.events("settings_rejected") == []


def test_a_file_that_was_whole_in_between_is_not_taken_for_wrong(tmp_path: Path) -> None:
    with reloading(tmp_path, "[engine]\nper_host = 3\n") as run:
        run.ini.write_text("")
        wait_for(lambda: run.engine.reconfigure._suspect is not None)
        run.write("[engine]\nper_host = 4\n")
        assert run.engine.reconfigure.reload().ok
        assert run.engine.reconfigure._suspect is None, "the next doubt is a new one"
        assert run.events("settings_rejected") == []
