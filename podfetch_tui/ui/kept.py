"""What the screens keep from one run to the next: theme, screen, filters, orders, views.

A file of the state folder. It is convenience: one that cannot be read, or was written by
another version, is as none, and one that cannot be written is not missed.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import msgspec

from podfetch_tui.model.errors import Failure
from podfetch_tui.system.decoding import from_json
from podfetch_tui.system.durable import write_atomic

_LOG = logging.getLogger(__name__)
_VERSION = 1
_LARGEST = 64 * 1024


class NamedView(msgspec.Struct, frozen=True):
    """One way to look at a list, under a name of the operator's."""

    name: str
    filter: str = ""
    sort: str = ""
    columns: dict[str, bool] = {}


class KeptList(msgspec.Struct, frozen=True):
    """Of one list."""

    filter: str = ""
    sort: str = ""
    """Empty for the list's own order."""
    columns: dict[str, bool] = {}
    """Label → whether it is shown; the others are shown where there is room."""
    views: tuple[NamedView, ...] = ()


class _Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The file."""

    version: int = 0
    theme: str = ""
    """The theme that was chosen."""
    instead_of: str = ""
    """What ``[ui] theme`` was then: another one there is a newer wish."""
    mode: str = ""
    """The screen that was left."""
    lists: dict[str, KeptList] = {}


class Kept:
    """What was kept, and what is to be; confined to the application's thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Read ``path``; without one nothing was kept and nothing will be."""
        self._path = path
        self._record = _read(path)

    @property
    def mode(self) -> str:
        """The screen that was left last; empty when that is not known."""
        return self._record.mode

    def theme(self, configured: str) -> str:
        """Return the theme that holds where the settings say ``configured``."""
        record = self._record
        return record.theme if record.theme and record.instead_of == configured else configured

    def keep_theme(self, name: str, configured: str) -> None:
        """Keep ``name`` until the settings say something else than ``configured``."""
        self._record.theme = "" if name == configured else name
        self._record.instead_of = configured

    def list_of(self, name: str) -> KeptList:
        """Return what was kept of the list ``name``."""
        return self._record.lists.get(name, KeptList())

    def keep_list(self, name: str, kept: KeptList) -> None:
        """Keep how the list ``name`` is filtered and sorted."""
        self._record.lists[name] = kept

    def save(self, mode: str) -> None:
        """Write all that is to be kept, and ``mode`` as the screen that was left."""
        if self._path is None:
            return
        self._record.version, self._record.mode = _VERSION, mode
        try:
            with contextlib.suppress(FileExistsError):
                self._path.parent.mkdir(0o700, parents=True)
            write_atomic(self._path, msgspec.json.encode(self._record))
        except (OSError, Failure) as error:
            _LOG.info("what the screens keep was not written: %s", error)


def _read(path: Path | None) -> _Record:
    if path is None:
        return _Record()
    try:
        if not path.is_file():
            return _Record()
        with path.open("rb") as file:
            record = from_json(file.read(_LARGEST), _Record)
    except (OSError, msgspec.DecodeError):  # among them one of a wrong shape
        return _Record()
    return record if record.version == _VERSION else _Record()
