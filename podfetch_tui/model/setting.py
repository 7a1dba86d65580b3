"""What is known about one setting: how it is written, its range, when it applies, its help.

The functions here are called in the annotations of ``model.settings`` and nowhere else, so
that everything about a key stands beside its default. They parse and check nothing; that is
``config``'s job.
"""

from __future__ import annotations

from enum import Enum
from typing import cast

import msgspec

_EXTRA = "setting"


class Applies(str, Enum):
    """When a changed value takes effect in a running engine."""

    LIVE = "live"
    """At once."""
    NEXT_BATCH = "next_batch"
    """With the next batch of feeds; jobs already queued keep the old value."""
    RESTART = "restart"
    """Only after a restart."""


class Form(str, Enum):
    """How a value is written in the INI, and which Python type it has."""

    DURATION = "duration"
    """``1h30m``; float seconds."""
    SIZE = "size"
    """``20 GiB``; int bytes."""
    RATE = "rate"
    """``80 MB/s``; int bytes per second."""
    PERCENT = "percent"
    """``85 %``; float 0..100."""
    FLAG = "flag"
    """``yes`` or ``no``; bool."""
    INTEGER = "integer"
    """A whole number; int."""
    CHOICE = "choice"
    """One word of a few; str."""
    WORDS = "words"
    """Words, comma or line separated; tuple[str, ...]."""
    TEXT = "text"
    """One line of text; str."""
    COMMAND = "command"
    """A program and its arguments, quoted as in a shell, or nothing; str."""
    URL = "url"
    """An http or https URL, or nothing; str."""
    PATH = "path"
    """A file or folder, or one of the key's choices; str."""
    PATHS = "paths"
    """Files, one a line or comma separated; tuple[str, ...]."""
    ADDRESS = "address"
    """``host:port`` or one of the key's choices; str."""
    NETWORKS = "networks"
    """Networks in CIDR form; tuple[str, ...]."""
    PRIORITIES = "priorities"
    """``tag=number`` pairs; tuple[tuple[str, int], ...]."""
    BACKLOG = "backlog"
    """``all``, ``none``, a number or ``since DATE``; :class:`~podfetch_tui.model.feed.Backlog`."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What an annotation says about its key."""

    form: Form
    help: str
    """One sentence for operators."""
    applies: Applies = Applies.LIVE
    low: float | None = None
    """Lowest value allowed, in the unit of the form."""
    high: float | None = None
    """Highest value allowed, in the unit of the form."""
    choices: tuple[str, ...] = ()
    """The words allowed; for a path or an address: words allowed in its place."""
    secret: bool = False
    """The value may hold a password or a token and is not shown."""


class Key(Declared, frozen=True, kw_only=True):
    """One setting: where it stands, what it is, what holds when nobody sets it."""

    section: str
    name: str
    default: object

    @property
    def id(self) -> str:
        """``section.name``."""
        return f"{self.section}.{self.name}"


def keys_of(section: str, tree: type[msgspec.Struct]) -> tuple[Key, ...]:
    """Return the declared keys of one section, in the order of its fields."""
    found = []
    for field in msgspec.structs.fields(tree):
        for meta in getattr(field.type, "__metadata__", ()):
            declared = cast("Declared", (meta.extra or {})[_EXTRA])
            facts = {name: getattr(declared, name) for name in Declared.__struct_fields__}
            found.append(Key(section=section, name=field.name, default=field.default, **facts))
    return tuple(found)


def _meta(declared: Declared) -> msgspec.Meta:
    return msgspec.Meta(extra={_EXTRA: declared})


def duration(
    help: str,  # noqa: A002 - the word for it everywhere
    *,
    low: float = 0,
    high: float | None = None,
    applies: Applies = Applies.LIVE,
) -> msgspec.Meta:
    """Declare a time span; ``low`` and ``high`` in seconds."""
    return _meta(Declared(form=Form.DURATION, help=help, low=low, high=high, applies=applies))


def size(
    help: str,  # noqa: A002
    *,
    low: int = 0,
    high: int | None = None,
    applies: Applies = Applies.LIVE,
) -> msgspec.Meta:
    """Declare a number of bytes."""
    return _meta(Declared(form=Form.SIZE, help=help, low=low, high=high, applies=applies))


def rate(help: str, *, applies: Applies = Applies.LIVE) -> msgspec.Meta:  # noqa: A002
    """Declare bytes per second; 0 and more."""
    return _meta(Declared(form=Form.RATE, help=help, low=0, applies=applies))


def percent(help: str, *, low: float = 0) -> msgspec.Meta:  # noqa: A002
    """Declare a percentage up to 100."""
    return _meta(Declared(form=Form.PERCENT, help=help, low=low, high=100))


def integer(
    help: str,  # noqa: A002
    *,
    low: int,
    high: int,
    applies: Applies = Applies.LIVE,
) -> msgspec.Meta:
    """Declare a whole number between ``low`` and ``high``, both included."""
    return _meta(Declared(form=Form.INTEGER, help=help, low=low, high=high, applies=applies))


def flag(help: str, *, applies: Applies = Applies.LIVE) -> msgspec.Meta:  # noqa: A002
    """Declare a yes or no."""
    return _meta(Declared(form=Form.FLAG, help=help, choices=("yes", "no"), applies=applies))


def one_of(
    choices: tuple[str, ...],
    help: str,  # noqa: A002
    *,
    applies: Applies = Applies.LIVE,
) -> msgspec.Meta:
    """Declare one word of ``choices``."""
    return _meta(Declared(form=Form.CHOICE, help=help, choices=choices, applies=applies))


def value(
    form: Form,
    help: str,  # noqa: A002
    *,
    choices: tuple[str, ...] = (),
    applies: Applies = Applies.LIVE,
    secret: bool = False,
) -> msgspec.Meta:
    """Declare a value of any other form."""
    return _meta(Declared(form=form, help=help, choices=choices, applies=applies, secret=secret))
