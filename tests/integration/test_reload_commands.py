"""The program as it is run: SIGHUP, a file nobody may read, and the commands about settings."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.permissions import obeying_permissions
from support.wait import wait_for

from podfetch_tui.cli.json_keys import JSON_KEYS
from podfetch_tui.cli.main import podfetch
from podfetch_tui.model.errors import PodfetchError

HEAD = "[archive]\nroot = archive\nmin_free = 0\n"
IDLE = "[engine]\npoll_workers = 0\ndownload_workers = 0\n"


class Program:
    """A headless engine in a process of its own."""

    def __init__(self, folder: Path, preexec: Callable[[], None] | None) -> None:
        self.ini = folder / "podfetch.ini"
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "podfetch_tui", "--config", str(self.ini)),
                    *("--no-ui", "--log-format", "json"),
                ],
                stderr=log,
                preexec_fn=preexec,
                env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
            )

    def said(self, kind: str) -> list[str]:
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line]
        return [line.get("text", "") for line in lines if line.get("kind") == kind]

    def wait_for(self, kind: str, count: int = 1) -> str:
        wait_for(lambda: len(self.said(kind)) >= count, what=self._log.read_text)
        return self.said(kind)[count - 1]


@contextlib.contextmanager
def running(folder: Path, text: str, *, obedient: bool = False) -> Iterator[Program]:
    (folder / "podfetch.ini").write_text(HEAD + text)
    program = Program(folder, obeying_permissions() if obedient else None)
    try:
        program.wait_for("engine_started")
        yield program
    finally:
        program.process.terminate()
        assert program.process.wait(30) == 0


def say(program: Program, *words: str) -> tuple[int, str, str]:
    """Run a command in this process; return exit code and both streams."""
    runner = CliRunner()
    done = runner.invoke(podfetch, ["--config", str(program.ini), *words], standalone_mode=False)
    error = done.exception
    if isinstance(error, PodfetchError):
        return error.exit_code, done.stdout, f"{done.stderr}{error}"
    assert error is None, error
    code = done.return_value if isinstance(done.return_value, int) else 0
    return code, done.stdout, done.stderr


def test_sighup_reads_again_and_a_file_nobody_may_read_changes_nothing(tmp_path: Path) -> None:
    quiet = f"{IDLE}[monitor]\nwatch = off\n"
    with running(tmp_path, quiet, obedient=True) as program:
        program.ini.write_text(f"{HEAD}{IDLE}per_host = 7\n[monitor]\nwatch = off\n")
        program.process.send_signal(signal.SIGHUP)
        assert program.wait_for("settings_changed") == "engine.per_host 2 → 7"
        program.ini.chmod(0)
        program.process.send_signal(signal.SIGHUP)
        assert "podfetch.ini: cannot be read: Permission denied" in program.wait_for(
            "settings_rejected"
        )
        program.ini.chmod(0o600)
        program.process.send_signal(signal.SIGHUP)
        program.wait_for("settings_restored")


def test_commands_tell_what_changed_what_waits_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with running(tmp_path, IDLE) as program:
        # Saved, with the difference as data.
        code, out, err = say(program, "limits", "set", "engine.per_host=5", "--dry-run")
        assert (code, err) == (0, "engine.per_host 2 → 5\n")
        assert "+per_host = 5" in out
        assert program.ini.read_text() == f"{HEAD}{IDLE}"
        code, out, err = say(program, "limits", "set", "engine.per_host=5", "--save")
        assert (code, err) == (0, f"saved in {program.ini}: engine.per_host\n")
        assert "+per_host = 5" in out
        assert program.ini.read_text() == f"{HEAD}{IDLE}per_host = 5\n"
        code, out, _ = say(program, "limits", "set", "engine.per_host=6", "--json")
        assert list(json.loads(out)) == JSON_KEYS["limits set"].keys.split()
        assert json.loads(out)["changed"] == ["engine.per_host 5 → 6"]
        code, _, err = say(program, "limits", "set", "engine.per_host=0")
        assert code == 2
        assert "(1 to 1024, default 2)" in err

        found = json.loads(say(program, "limits", "get", "--json")[1])
        assert found["engine.poll_workers"]["limit"] == 0
        assert found["engine.per_host"] == {
            "value": 6,
            "text": "6",
            "source": "runtime",
            "in_file": "5",
            "ends_at": None,
            "range": "1 to 1024",
        }
        assert "engine.per_host" in say(program, "limits", "get")[1]

        # What needs a restart waits, and is shown.
        program.ini.write_text(f"{HEAD}{IDLE}per_host = 5\n[monitor]\nmetrics = 127.0.0.1:9464\n")
        code, out, _ = say(program, "reload", "--json")
        assert code == 0
        assert list(json.loads(out)) == JSON_KEYS["reload"].keys.split()
        assert json.loads(out)["pending"] == ["monitor.metrics"]
        rows = [json.loads(row) for row in say(program, "config", "diff", "--json")[1].splitlines()]
        assert [row["key"] for row in rows if row["pending"]] == ["monitor.metrics"]
        assert "takes effect after a restart" in say(program, "config", "diff")[1]
        status = json.loads(say(program, "status", "--json")[1])["settings"]
        assert (status["pending"], status["runtime"]) == (["monitor.metrics"], ["engine.per_host"])

        # A file that is wrong: exit 3 with every problem, and the engine can still be reached.
        program.ini.write_text(f"{HEAD}per_hots = 5\n[engine]\nper_host = many\n")
        code, out, err = say(program, "reload")
        assert (code, out) == (3, "")
        assert "podfetch.ini:4" in err
        assert "podfetch.ini:6" in err
        code, out, err = say(program, "status", "--json")
        assert code == 0
        assert "podfetch.ini:4" in json.loads(out)["settings"]["problems"][0]
        assert "podfetch.ini:4" in say(program, "status")[1]
        assert say(program, "pause")[0] == 0
        assert say(program, "limits", "set", "engine.per_host=9")[0] == 0
        code, _, err = say(program, "limits", "set", "engine.per_host=9", "--save")
        assert code == 2
        assert "mend it first" in err


def test_without_an_engine_a_limit_can_be_saved_for_the_next_start(tmp_path: Path) -> None:
    ini = tmp_path / "podfetch.ini"
    ini.write_text(f"# Mine.\n{HEAD}")
    runner = CliRunner()
    words = ["--config", str(ini), "limits", "set", "engine.per_host=5"]
    done = runner.invoke(podfetch, words, standalone_mode=False)
    assert isinstance(done.exception, PodfetchError)
    done = runner.invoke(podfetch, [*words, "--save", "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    assert ini.read_text() == f"# Mine.\n{HEAD}\n[engine]\nper_host = 5\n"
    said = json.loads(done.stdout)
    assert said["text"] == f"saved in {ini}: engine.per_host; no engine runs"
    bad = ["--config", str(ini), "limits", "set", "engine.per_host=0", "--save"]
    done = runner.invoke(podfetch, bad, standalone_mode=False)
    assert "(1 to 1024, default 2)" in str(done.exception)
    assert "per_host = 5" in ini.read_text()
