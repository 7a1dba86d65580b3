"""What comes out of reading settings: the values, where each came from, what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.model.settings import Settings


class Origin(str, Enum):
    """Who set a value; a later one wins over an earlier one."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"
    RUNTIME = "runtime"
    """Changed while the engine runs, and not saved."""


class Source(msgspec.Struct, frozen=True):
    """Where the value of one key came from."""

    origin: Origin = Origin.DEFAULT
    name: str = ""
    """File name, or name of the environment variable."""
    line: int = 0
    """Line of the file, from 1; 0 where there is none."""

    @property
    def text(self) -> str:
        """``podfetch.ini:12``, ``PODFETCH_ENGINE__PER_HOST``, ``command line``, ``default``."""
        if self.origin is Origin.FILE:
            return f"{self.name}:{self.line}"
        return self.place

    @property
    def place(self) -> str:
        """What stands in front of a problem: the text without its line."""
        return self.name or str(self.origin.value)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and what to do about it."""

    file: str
    """Name of the file; or of the environment variable, or ``command line``."""
    line: int
    """Line of the file, from 1; 0 where there is none."""
    key: str = ""
    """``section.key``, as far as it is known."""
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        return self._said(self.file)

    @property
    def short(self) -> str:
        """The same with the file's name alone, for where there is little room."""
        return self._said(self.file.rpartition("/")[2] or self.file)

    def _said(self, file: str) -> str:
        where = f"{file}:{self.line}" if self.line else file
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}: {self.message}{hint}"


def refuse(problems: Sequence[Problem]) -> None:
    """Raise when there is any problem.

    Raises:
        BadConfiguration: its message lists them all, a line each.
    """
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {problem.text}" for problem in problems)
        raise BadConfiguration(f"the settings have {count}:\n{lines}")


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Settings as they were read. With any problem they must not be applied."""

    settings: Settings
    sources: dict[str, Source]
    """``section.key`` → where its value came from, for every key."""
    problems: tuple[Problem, ...] = ()
    file: str | None = None
    """The INI that was read, as it was named."""
    credentials: Credentials = Credentials()
    """What stands in the credentials file; of no use with any problem."""
    in_file: dict[str, str] = {}
    """``section.key`` → its text in the INI, for the keys that stand there."""
    text: str = ""
    """The INI itself, as it was read."""
