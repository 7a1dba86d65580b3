"""Commands that only read, while the INI is wrong: they need to know where the archive is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.archive import run_once, settings_for

from podfetch_tui.cli.main import podfetch
from podfetch_tui.model.errors import BadConfiguration

READING = (
    ("feeds", "list"),
    ("feeds", "show", "1"),
    ("episodes", "list"),
    ("quarantine", "list"),
    ("events",),
    ("why", "1"),
    ("verify",),
    ("export", "csv"),
    ("status",),
)
CHANGING = (
    ("feeds", "pause", "1"),
    ("feeds", "add", "http://feeds.example/a.xml"),
    ("episodes", "retry", "state:failed"),
    ("quarantine", "release", "1"),
    ("backup",),
)
SLIP = "[engine]\nper_host = many\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("wrong")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PODFETCH_STATE_DIR", str(folder / "state"))
        run_once(settings_for(folder / "archive"), "http://127.0.0.8:9/dead.xml")
        yield folder


def run(folder: Path, text: str, *words: str) -> Result:
    ini = folder / "podfetch.ini"
    ini.write_text(text)
    return CliRunner().invoke(podfetch, ["--config", str(ini), *words], standalone_mode=False)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_command_that_only_reads_works_and_says_what_is_wrong(
    folder: Path, words: tuple[str, ...]
) -> None:
    done = run(folder, f"[archive]\nroot = {folder / 'archive'}\n{SLIP}", *words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    said = done.stdout if words == ("status",) else done.stderr
    assert "podfetch.ini:4" in said
    assert "many" not in done.stdout or words == ("status",)


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_a_command_that_changes_something_refuses(folder: Path, words: tuple[str, ...]) -> None:
    done = run(folder, f"[archive]\nroot = {folder / 'archive'}\n{SLIP}", *words)
    assert isinstance(done.exception, BadConfiguration)


def test_no_other_archive_is_shown_than_the_one_that_may_be_meant(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The usual folder holds an archive, and the INI names another one in a way that is wrong.
    monkeypatch.setenv("PODFETCH_ARCHIVE__CATALOG", "")
    monkeypatch.setattr("podfetch_tui.cli.archive.user_data_root", lambda: folder / "archive")
    elsewhere = folder / "elsewhere"
    for text in (
        f"[archve]\nroot = {elsewhere}\n",
        f"[archive]\nroott = {elsewhere}\n",
        f"archive.root = {elsewhere}\n",
        f"[archive]\nroot = {elsewhere}\nmin_free = little\n",
    ):
        assert isinstance(run(folder, text, "feeds", "list").exception, BadConfiguration), text
    # Here nothing is about the folder: the usual one is meant.
    done = run(folder, SLIP, "feeds", "list")
    assert done.exception is None
    assert "dead.xml" in done.stdout
    done = run(folder, "[archve]\n", "--archive", str(folder / "archive"), "feeds", "list")
    assert done.exception is None
