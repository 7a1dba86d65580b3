"""Settings changed while running that end again: by hand, by undo, or when their time is over."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from support.archive import settings_for
from support.reloading import IDLE, Reloading, reloading
from support.served import served

from podfetch_tui.api.local import LocalClient
from podfetch_tui.cli.json_keys import JSON_KEYS
from podfetch_tui.cli.main import podfetch
from podfetch_tui.model.commands import ChangeSettings, SetLimit, Undo
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.snapshot import JsonValue, PageRequest

PER_HOST = "engine.per_host"


def row(run: Reloading, key: str = PER_HOST) -> dict[str, JsonValue]:
    page = LocalClient(run.engine).query(PageRequest(kind="settings", limit=500))
    return next(found for found in page.rows if found["key"] == key)


def in_memory(run: Reloading) -> tuple[str, ...]:
    return run.engine.reconfigure.view.runtime


def test_a_limit_that_is_undone_is_not_in_memory_any_more(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        client = LocalClient(run.engine)
        done = client.send(SetLimit(key=PER_HOST, value="7"))
        assert in_memory(run) == (PER_HOST,)
        assert client.send(Undo(operation=done.operation)).ok
        assert run.engine.settings.engine.per_host == 3
        assert in_memory(run) == ()
        assert row(run)["source"] == f"{run.ini}:9"


def test_a_change_to_what_holds_anyway_is_none(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        client = LocalClient(run.engine)
        assert client.send(SetLimit(key=PER_HOST, value="3")).ok
        assert in_memory(run) == ()
        run.write(f"{IDLE}per_host = 4\n")
        run.wait_until(lambda engine: engine.settings.engine.per_host == 4)
        assert run.events("settings_gave_way") == []


def test_what_was_set_while_running_is_forgotten_on_request(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        client = LocalClient(run.engine)
        client.send(ChangeSettings(changes=((PER_HOST, "7"), ("engine.batch_max", "900"))))
        done = client.send(ChangeSettings(changes=(), forget=(PER_HOST,)))
        assert done.ok
        assert done.text == "engine.per_host 7 → 3"
        assert in_memory(run) == ("engine.batch_max",)
        assert client.send(Undo(operation=done.operation)).ok
        assert run.engine.settings.engine.per_host == 7


def test_what_is_set_for_a_time_ends_by_itself_and_it_is_told(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}per_host = 3\n") as run:
        client = LocalClient(run.engine)
        client.send(ChangeSettings(changes=(("engine.batch_max", "900"),)))
        done = client.send(ChangeSettings(changes=((PER_HOST, "7"),), for_s=7200))
        assert done.text == "engine.per_host = 7 for 2h"
        assert row(run)["ends_at"] is not None
        assert row(run, "engine.batch_max")["ends_at"] is None
        # Set again without an end it has none.
        client.send(ChangeSettings(changes=((PER_HOST, "8"),)))
        assert row(run)["ends_at"] is None
        client.send(ChangeSettings(changes=((PER_HOST, "7"),), for_s=0.2))
        text = run.wait_for_event("settings_ended")
        assert text == "set for a time that is over: engine.per_host 7 → 3"
        assert run.engine.settings.engine.per_host == 3
        assert in_memory(run) == ("engine.batch_max",)


def test_what_another_change_needs_stays_when_its_time_is_over(tmp_path: Path) -> None:
    with reloading(tmp_path, f"{IDLE}batch_min = 50\nbatch_max = 100\n") as run:
        client = LocalClient(run.engine)
        assert client.send(ChangeSettings(changes=(("engine.batch_max", "900"),), for_s=0.5)).ok
        assert client.send(ChangeSettings(changes=(("engine.batch_min", "500"),))).ok
        assert "cannot end, and stay: engine.batch_max" in run.wait_for_event("settings_ended")
        assert run.engine.settings.engine.batch_max == 900
        assert row(run, "engine.batch_max")["ends_at"] is None


def test_what_is_set_for_a_time_is_not_saved(tmp_path: Path) -> None:
    with reloading(tmp_path) as run:
        client = LocalClient(run.engine)
        for change in (
            ChangeSettings(changes=((PER_HOST, "7"),), for_s=60, save=True),
            ChangeSettings(changes=((PER_HOST, "7"),), for_s=0),
        ):
            assert not client.send(change).ok
        assert run.engine.settings.engine.per_host == 2


def test_commands_set_for_a_time_and_reset(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "archive", engine={"poll_workers": 0})
    runner = CliRunner()

    def run(*words: str) -> Result:
        return runner.invoke(podfetch, ["--archive", str(tmp_path / "archive"), *words])

    with served(settings) as engine:
        done = run("limits", "set", "engine.per_host=7", "--for", "2h")
        assert (done.exit_code, done.stderr) == (0, "engine.per_host = 7 for 2h\n")
        assert "runtime until " in run("limits", "get").stdout
        assert isinstance(run("limits", "reset").exception, UsageError)
        assert isinstance(run("limits", "reset", "engine.batch_max").exception, UsageError)
        done = run("limits", "reset", "engine.per_host", "--json")
        assert list(json.loads(done.stdout)) == JSON_KEYS["limits reset"].keys.split()
        assert engine.settings.engine.per_host == 2
        assert run("limits", "reset", "--all").stderr == "nothing is set while running\n"
        for bad in (("--for", "soon"), ("--for", "2h", "--save"), ("--for", "0")):
            refused = run("limits", "set", "engine.per_host=7", *bad)
            assert isinstance(refused.exception, UsageError)
        assert engine.settings.engine.per_host == 2
