"""The folders of the user: platformdirs' only door."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from platformdirs import PlatformDirs

from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.system.durable import os_failures

STATE_DIR_VARIABLE = "PODFETCH_STATE_DIR"
"""Environment variable that names the state folder; tests keep themselves apart with it."""

_APP = "podfetch"
_LONGEST_SOCKET_FOLDER = 80
"""A socket's path has room for 104 bytes on macOS, 108 on Linux, name and final zero included."""


def user_config_file() -> Path:
    """Return where the user's INI is looked for (``~/.config/podfetch/podfetch.ini``).

    Raises:
        BadConfiguration: There is no home folder.
    """
    return _absolute(_dirs().user_config_path) / "podfetch.ini"


def user_data_root() -> Path:
    """Return the archive's folder when none is named (``~/.local/share/podfetch``).

    Raises:
        BadConfiguration: There is no home folder.
    """
    return _absolute(_dirs().user_data_path)


def user_state_dir() -> Path:
    """Return the folder for what outlives a run outside an archive (``~/.local/state/podfetch``).

    ``PODFETCH_STATE_DIR`` overrides it.

    Raises:
        BadConfiguration: There is no home folder, or the variable is not an absolute path.
    """
    named = os.environ.get(STATE_DIR_VARIABLE)
    if named:
        if not Path(named).is_absolute():
            raise BadConfiguration(f"{STATE_DIR_VARIABLE} is {named!r}: name an absolute path")
        return Path(named)
    return _absolute(_dirs().user_state_path)


def runtime_dir() -> Path:
    """Return the folder for sockets; it need not exist, see :func:`private_dir`.

    It is ``$XDG_RUNTIME_DIR/podfetch`` where that is the user's own; else ``run`` in the state
    folder, never a name in ``/tmp`` that somebody else could have made first.

    Raises:
        BadConfiguration: There is no home folder.
    """
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    usual = Path(named) if named else Path("/run/user") / str(os.geteuid())
    if usual.is_absolute() and _is_private(usual) and _is_short(usual / _APP):
        return usual / _APP
    return user_state_dir() / "run"


def private_dir(path: Path) -> Path:
    """Make ``path`` and see that it is a folder only this user can enter; return it.

    Raises:
        Failure: ``PERMISSION`` when it belongs to another user or is a symbolic link; or the
            system refused.
    """
    with os_failures(f"make the folder {path}"):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        try:
            path.mkdir(0o700)
        except FileExistsError:
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise Failure(
                    Kind.PERMISSION, f"{path} is not a folder of this user: remove it"
                ) from None
            if found.st_mode & 0o077:
                path.chmod(0o700)
    return path


def _dirs() -> PlatformDirs:
    return PlatformDirs(_APP, appauthor=False)


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise BadConfiguration(
            f"{path} is not an absolute path: set HOME, or name the archive with --archive"
            " and the settings with --config"
        )
    return path


def _is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & 0o077
        and os.access(path, os.W_OK | os.X_OK)
    )


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_FOLDER
