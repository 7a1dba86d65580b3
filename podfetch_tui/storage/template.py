"""``[archive] filename``: the pattern of a media file's name.

It only says which texts make up which component of the path; ``storage.layout`` makes them
safe. A pattern that could fail later, or name files differently on another machine, is
refused here.
"""

from __future__ import annotations

import difflib
import re
import string
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Union

import msgspec

from podfetch_tui.model.errors import BadConfiguration

UNDATED = "undated"
"""What stands for the date of an episode that has none, or an impossible one."""
UNTITLED = "untitled"
"""What stands for the title of an episode that has none."""

_FIELDS = ("feed", "title", "published", "guid", "season", "number", "id")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_DEFAULT_DATE = "%Y-%m-%d"
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = "YymdHMSjGVu%"
"""Those that do not depend on the language of the machine."""
_PADDED = re.compile(r"0([1-9])\Z")


class NameFields(msgspec.Struct, frozen=True, kw_only=True):
    """What the fields of a pattern mean for one episode; texts as published."""

    feed: str = ""
    title: str = ""
    published: int | None = None
    """UTC milliseconds."""
    guid: str = ""
    season: str = ""
    number: str = ""
    id: int = 0


class _Field(msgspec.Struct, frozen=True):
    name: str
    spec: str


_Piece = Union[str, _Field]


class Template(msgspec.Struct, frozen=True):
    """A pattern that was found good: pieces by component, the feed's folder left out."""

    text: str
    components: tuple[tuple[_Piece, ...], ...]

    @property
    def names_item(self) -> bool:
        """Whether it has a field that only the item of the feed says."""
        pieces = (piece for component in self.components for piece in component)
        return any(isinstance(p, _Field) and p.name in ("season", "number") for p in pieces)

    def render(self, fields: NameFields) -> tuple[str, ...]:
        """Return the text of each component below the feed's folder, not made safe yet."""
        return tuple(
            "".join(p if isinstance(p, str) else _value(p, fields) for p in component)
            for component in self.components
        )


@lru_cache(16)
def parse_template(text: str) -> Template:
    """Return the pattern in ``text``.

    Fields are ``feed title published guid season number id``. ``published`` takes date
    directives after a colon (``{published:%Y-%m-%d}``, in UTC), numbers a width
    (``{number:03}``). It begins with ``{feed}/``, which is the feed's own folder.

    Raises:
        BadConfiguration: One sentence that names the key and what to write instead.
    """
    components: list[list[_Piece]] = [[]]
    for piece in _pieces(text):
        if isinstance(piece, _Field):
            components[-1].append(piece)
            continue
        first, *others = piece.split("/")
        components[-1].append(first)
        components.extend([other] for other in others)
    trimmed = [tuple(p for p in component if p != "") for component in components]
    if len(trimmed) < 2 or trimmed[0] != (_Field("feed", ""),):
        raise _bad(text, "must begin with {feed}/ so that each feed has a folder of its own")
    for component in trimmed:
        if all(isinstance(p, str) and not p.strip(" .") for p in component):
            raise _bad(text, "has a folder or file without a name between its slashes")
    return Template(text, tuple(trimmed[1:]))


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise _bad(text, f"is not a pattern ({error}); write {{{{ for a brace") from error
    for literal, name, spec, conversion in parsed:
        if "\\" in literal or any(ord(char) < 32 for char in literal):
            raise _bad(text, "holds a backslash or control character; folders are parted by /")
        pieces.append(literal)
        if name is not None:
            pieces.append(_field(text, name, spec or "", conversion))
    return pieces


def _field(text: str, name: str, spec: str, conversion: str | None) -> _Field:
    if name not in _FIELDS:
        close = difflib.get_close_matches(name, _FIELDS, n=1)
        hint = f"did you mean {{{close[0]}}}?" if close else f"known are {', '.join(_FIELDS)}"
        raise _bad(text, f"has an unknown field {{{name}}}: {hint}")
    if conversion:
        raise _bad(text, f"has !{conversion} after {name}: leave it out")
    if name == "published":
        _check_date(text, spec)
    elif spec and not (name in {"season", "number", "id"} and _PADDED.match(spec)):
        raise _bad(text, f"has {{{name}:{spec}}}: only numbers take a width, as in {{number:03}}")
    return _Field(name, spec)


def _check_date(text: str, spec: str) -> None:
    if "/" in spec:
        raise _bad(text, "has a slash in a date: write {published:%Y}/{published:%m}")
    for directive in _DIRECTIVE.findall(spec):
        if not directive or directive not in _DIRECTIVES:
            allowed = " ".join(f"%{char}" for char in _DIRECTIVES)
            raise _bad(text, f"has the date directive %{directive}: known are {allowed}")


def _bad(text: str, problem: str) -> BadConfiguration:
    return BadConfiguration(f"archive.filename = {text!r} {problem}")


def _value(field: _Field, fields: NameFields) -> str:
    if field.name == "published":
        return _date(fields.published, field.spec or _DEFAULT_DATE)
    value = str(getattr(fields, field.name)).strip()
    if field.name == "title":
        return value or UNTITLED
    if field.spec and value.isascii() and value.isdigit():
        return value.zfill(int(field.spec))
    return value


def _date(published: int | None, spec: str) -> str:
    if published is None:
        return UNDATED
    try:
        moment = _EPOCH + timedelta(milliseconds=published)
    except OverflowError:
        return UNDATED
    return _DIRECTIVE.sub(lambda match: _directive(match[1], moment), spec)


def _directive(directive: str, moment: datetime) -> str:
    if directive == "%":
        return "%"
    if directive == "Y":  # strftime pads the year on some systems only
        return f"{moment.year:04d}"
    if directive == "G":
        return f"{moment.isocalendar()[0]:04d}"
    return moment.strftime(f"%{directive}")
