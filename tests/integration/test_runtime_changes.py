"""Settings changed while running: who wins, what is refused, how they are saved."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from support.archive import running, settings_for
from support.reloading import HEAD, IDLE, reloading
from support.wait import wait_for

from podfetch_tui.api.local import LocalClient
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli import compose
from podfetch_tui.cli.context import CHECKS
from podfetch_tui.config.source import SettingsSource
from podfetch_tui.config.values import describe_range
from podfetch_tui.model.applying import is_limit
from podfetch_tui.model.commands import ChangeSettings, Reload, SetLimit
from podfetch_tui.model.setting import Form
from podfetch_tui.model.settings import keys
from podfetch_tui.model.snapshot import PageRequest
from podfetch_tui.system.paths import user_config_file


def test_a_later_place_wins_and_a_runtime_change_over_all(tmp_path: Path) -> None:
    with reloading(
        tmp_path,
        "[engine]\nper_host = 3\npoll_workers = 3\ndownload_workers = 3\nbatch_min = 3\n",
        env={"PODFETCH_ENGINE__POLL_WORKERS": "4", "PODFETCH_ENGINE__DOWNLOAD_WORKERS": "4"},
        overrides=(("engine.download_workers", "5"),),
    ) as run:

        def values() -> tuple[int, ...]:
            work = run.engine.settings.engine
            return work.batch_min, work.per_host, work.poll_workers, work.download_workers

        assert values() == (3, 3, 4, 5)
        changes = [(f"engine.{key}", "6") for key in ("poll_workers", "download_workers")]
        assert run.engine.reconfigure.change(changes).ok
        assert values() == (3, 3, 6, 6)
        sources = {row.key: row.source for row in run.engine.reconfigure.rows()}
        assert sources["engine.per_host"] == f"{run.ini}:7"
        assert sources["engine.poll_workers"] == "runtime"
        assert run.engine.reconfigure.view.runtime == (
            "engine.poll_workers",
            "engine.download_workers",
        )
        # Another key of the INI leaves them; the same key ends them, and the layer below holds.
        run.write("[engine]\nper_host = 7\npoll_workers = 3\ndownload_workers = 3\nbatch_min = 3\n")
        run.wait_for_event("settings_changed")
        assert values() == (3, 7, 6, 6)
        run.write("[engine]\nper_host = 7\npoll_workers = 8\ndownload_workers = 8\nbatch_min = 3\n")
        text = run.wait_for_event("settings_gave_way")
        assert text.endswith("engine.poll_workers, engine.download_workers")
        assert values() == (3, 7, 4, 5)
        assert not run.engine.reconfigure.view.runtime


def test_a_key_that_leaves_the_ini_ends_a_runtime_change_too(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        assert run.engine.reconfigure.change([("engine.per_host", "5")]).ok
        run.write(IDLE)
        run.wait_for_event("settings_gave_way")
        assert run.engine.settings.engine.per_host == 2


def test_every_number_that_needs_no_restart_can_be_set_and_a_bad_one_is_refused(
    tmp_path: Path,
) -> None:
    units = {Form.DURATION: "s", Form.RATE: " B/s", Form.SIZE: " B", Form.PERCENT: " %"}
    limits = [key for key in keys() if is_limit(key)]
    assert len(limits) > 40
    with reloading(tmp_path) as run:
        send = LocalClient(run.engine).send
        for key in limits:
            if key.form is Form.FLAG:
                assert not send(SetLimit(key=key.id, value="perhaps")).ok
                assert send(SetLimit(key=key.id, value="no")).ok
                continue
            for bad in ("many", "", "-1", "1 furlong"):
                refused = send(SetLimit(key=key.id, value=bad))
                assert not refused.ok, (key.id, bad)
                assert key.id in refused.text
                assert describe_range(key) in refused.text
            if key.high is not None:
                above = f"{int(key.high) + 1}{units.get(key.form, '')}"
                assert describe_range(key) in send(SetLimit(key=key.id, value=above)).text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ((("engine.per_hots", "3"),), "unknown key engine.per_hots (did you mean per_host?)"),
        ((("archive.root", "/x"),), "archive.root takes effect after a restart: set it in the INI"),
        ((("archive.filename", "x"),), "archive.filename is not a number: set it in the INI"),
        ((("engine.per_host", "3"), ("engine.per_hots", "3")), "unknown key"),
        (
            (("engine.batch_min", "400"), ("engine.batch_max", "300")),
            "engine.batch_min (400) is above engine.batch_max (300)",
        ),
    ],
)
@pytest.mark.parametrize("save", [False, True])
def test_changes_are_taken_together_or_not_at_all(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], says: str, *, save: bool
) -> None:
    with reloading(tmp_path) as run:
        before, text = run.engine.settings, run.ini.read_text()
        refused = LocalClient(run.engine).send(ChangeSettings(changes=changes, save=save))
        assert not refused.ok
        assert says in refused.text
        assert run.engine.settings is before
        assert run.ini.read_text() == text


def test_a_saved_change_is_in_the_ini_and_nothing_else_changed(tmp_path: Path) -> None:
    text = f"{IDLE}# Mine.\nper_host = 3   ; polite\r\n"
    with reloading(tmp_path, text) as run:
        run.ini.chmod(0o640)
        client = LocalClient(run.engine)
        assert client.send(SetLimit(key="engine.per_host", value="4")).ok
        done = client.send(
            ChangeSettings(
                changes=(("engine.per_host", "5"), ("network.bandwidth", "80MB/s")), save=True
            )
        )
        assert done.ok, done.text
        assert done.settings is not None
        assert "-per_host = 3   ; polite" in done.settings.diff
        assert "+per_host = 5   ; polite" in done.settings.diff
        whole = (HEAD + text).replace("per_host = 3", "per_host = 5")
        whole = whole.replace("127.0.0.0/8\n", "127.0.0.0/8\nbandwidth = 80 MB/s\n")
        assert run.ini.read_bytes() == whole.encode()
        assert stat.S_IMODE(run.ini.stat().st_mode) == 0o640
        assert [path.name for path in tmp_path.iterdir() if "tmp" in path.name] == []
        work = run.engine.settings
        assert (work.engine.per_host, work.network.bandwidth) == (5, 80_000_000)
        assert run.engine.reconfigure.view.runtime == ()
        assert run.events("settings_gave_way") == []
        assert run.events("settings_changed") == []  # it was an operator's change
        assert client.send(Reload()).text == "nothing changed"


def test_what_would_change_is_shown_and_nothing_changes(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        before, text = run.engine.settings, run.ini.read_text()
        client = LocalClient(run.engine)
        change = ChangeSettings(changes=(("engine.per_host", "5"),), save=True, dry_run=True)
        planned = client.send(change)
        assert planned.ok
        assert planned.text == "engine.per_host 3 → 5"
        assert planned.settings is not None
        assert "-per_host = 3\n+per_host = 5" in planned.settings.diff
        bad = ChangeSettings(changes=(("engine.per_host", "0"),), dry_run=True)
        assert "(1 to 1024, default 2)" in client.send(bad).text
        assert run.engine.settings is before
        assert run.ini.read_text() == text
        assert run.events("limit_changed") == []


def test_a_change_is_not_saved_into_a_file_that_is_wrong_or_read_only(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        run.write(f"{IDLE}per_host = many\n")
        run.wait_for_event("settings_rejected")
        text = run.ini.read_bytes()
        change = ChangeSettings(changes=(("engine.per_host", "5"),), save=True)
        refused = LocalClient(run.engine).send(change)
        assert not refused.ok
        assert "mend it first" in refused.text
        assert "podfetch.ini:9" in refused.text
        run.write(IDLE)
        run.wait_for_event("settings_restored")
        run.ini.rename(tmp_path / "real.ini")
        run.ini.symlink_to("real.ini")
        assert LocalClient(run.engine).send(change).ok
        assert run.ini.is_symlink()
        assert "per_host = 5" in (tmp_path / "real.ini").read_text()
        assert text != run.ini.read_bytes()


def test_what_the_command_line_sets_wins_over_what_is_saved_and_it_is_said(tmp_path: Path) -> None:
    with reloading(tmp_path, overrides=(("engine.per_host", "9"),)) as run:
        change = ChangeSettings(changes=(("engine.per_host", "5"),), save=True)
        done = LocalClient(run.engine).send(change)
        assert done.ok
        assert "engine.per_host is set by command line, which wins over the INI" in done.text
        assert "per_host = 5" in run.ini.read_text()


def test_settings_are_rows_of_a_page(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        client = LocalClient(run.engine)
        found = []
        after = 0
        while True:
            page = client.query(PageRequest(kind="settings", after=after, limit=50))
            found += [row["key"] for row in page.rows]
            if page.next_after is None:
                break
            after = page.next_after
        assert found == [key.id for key in keys()]
        wait_for(lambda: client.snapshot().settings.file == str(run.ini))


def test_without_an_ini_a_saved_change_makes_one_that_is_followed(tmp_path: Path) -> None:
    usual = user_config_file()
    given = (("archive.root", str(tmp_path / "archive")), ("engine.poll_workers", "0"))
    source = SettingsSource(overrides=given, checks=CHECKS)
    loaded = source.read()
    with (
        archives.changing(loaded.settings) as archive,
        compose.engine_on(archive, loaded.settings, source=source, loaded=loaded) as engine,
    ):
        send = LocalClient(engine).send
        done = send(ChangeSettings(changes=(("engine.per_host", "5"),), save=True))
        assert done.ok, done.text
        assert done.text == f"saved in {usual}: engine.per_host"
        assert usual.read_text() == "[engine]\nper_host = 5\n"
        assert stat.S_IMODE(usual.stat().st_mode) == 0o600
        usual.write_text("[engine]\nper_host = 6\n")
        wait_for(lambda: engine.settings.engine.per_host == 6)
        assert engine.reconfigure.view.file == str(usual)


def test_an_ini_that_comes_to_be_is_followed(tmp_path: Path) -> None:
    usual = user_config_file()
    source = SettingsSource(overrides=(("archive.root", str(tmp_path / "a")),), checks=CHECKS)
    loaded = source.read()
    with (
        archives.changing(loaded.settings) as archive,
        compose.engine_on(archive, loaded.settings, source=source, loaded=loaded) as engine,
    ):
        usual.parent.mkdir(parents=True)
        usual.write_text("[engine]\nper_host = 7\n")
        wait_for(lambda: engine.settings.engine.per_host == 7)


def test_an_engine_without_files_takes_changes_and_saves_none(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 0})
    with running(settings) as engine:
        send = LocalClient(engine).send
        assert send(SetLimit(key="engine.per_host", value="5")).ok
        assert engine.settings.engine.per_host == 5
        assert engine.settings.archive.root == settings.archive.root
        refused = send(ChangeSettings(changes=(("engine.per_host", "5"),), save=True))
        assert refused.text == "this engine reads no settings file"
        assert send(Reload()).text == "nothing changed"
        assert engine.settings.engine.per_host == 5
