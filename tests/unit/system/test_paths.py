from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.system import paths


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("XDG_", "PODFETCH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))


def test_the_usual_folders_are_below_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for path in (paths.user_config_file(), paths.user_data_root(), paths.user_state_dir()):
        assert home in path.parents
        assert "podfetch" in path.parts
    assert paths.user_config_file().name == "podfetch.ini"


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="XDG is Linux' own")
def test_xdg_variables_are_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/c")
    monkeypatch.setenv("XDG_DATA_HOME", "/d")
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert paths.user_config_file() == Path("/c/podfetch/podfetch.ini")
    assert paths.user_data_root() == Path("/d/podfetch")
    assert paths.user_state_dir() == Path("/s/podfetch")


def test_the_state_folder_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODFETCH_STATE_DIR", "/elsewhere")
    assert paths.user_state_dir() == Path("/elsewhere")
    monkeypatch.setenv("PODFETCH_STATE_DIR", "relative")
    with pytest.raises(BadConfiguration, match="absolute"):
        paths.user_state_dir()


def test_sockets_go_where_only_the_user_can_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(prefix="r") as folder:  # tmp_path can be too long for one
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        assert paths.runtime_dir() == Path(folder) / "podfetch"


@pytest.mark.parametrize("fault", ["open", "missing", "link", "relative", "long"])
def test_an_unsafe_runtime_folder_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    folder = tmp_path / ("x" * 90 if fault == "long" else "run")
    if fault == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        folder.symlink_to("real")
    elif fault != "missing":
        folder.mkdir(mode=0o700)
    if fault == "open":
        folder.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run" if fault == "relative" else os.fspath(folder))
    assert paths.runtime_dir() == paths.user_state_dir() / "run"


def test_a_private_folder_is_made_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert paths.private_dir(folder) == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    paths.private_dir(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("fault", ["link", "file"])
def test_a_private_folder_that_is_none_is_refused(tmp_path: Path, fault: str) -> None:
    if fault == "link":
        (tmp_path / "real").mkdir()
        (tmp_path / "folder").symlink_to("real")
    else:
        (tmp_path / "folder").write_bytes(b"")
    with pytest.raises(Failure) as caught:
        paths.private_dir(tmp_path / "folder")
    assert caught.value.kind is Kind.PERMISSION
    assert "remove it" in caught.value.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
@pytest.mark.root
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(Failure, match="not a folder of this user"):
        paths.private_dir(folder)


def test_without_a_home_the_message_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Homeless:
        user_data_path = Path("~/.local/share/podfetch")

    monkeypatch.setattr(paths, "_dirs", Homeless)
    with pytest.raises(BadConfiguration, match="set HOME"):
        paths.user_data_root()
