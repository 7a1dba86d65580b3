"""One setting's value from and to text, checked against what its key declares.

``parse_value(key, format_value(key, v)) == v`` for every value a key can hold. Texts are as
they stand in the INI; the environment and the command line are written the same way.
"""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from podfetch_tui.config.backlog import format_backlog, parse_backlog
from podfetch_tui.model import units
from podfetch_tui.model.feed import Backlog
from podfetch_tui.model.setting import Form, Key
from podfetch_tui.policy.addresses import parse_networks

_LARGEST = 2**62
"""More bytes than any disk has; what the catalogue's integers hold with room to spare."""
_LISTS = frozenset((Form.WORDS, Form.PATHS, Form.NETWORKS, Form.PRIORITIES))
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTED = re.compile(r'"(?:[^"]|"")*"\Z', re.DOTALL)
_NEEDS_QUOTES = re.compile(r'\A["#;]|\s[#;]|\A\s|\s\Z')
_WORD = re.compile(r"[^\s\"#;]+\Z")
_HEADER_VALUE = frozenset(("network.contact", "network.user_agent"))
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})\Z")


def parse_value(key: Key, text: str, *, base: Path | None = None) -> object:
    """Return the value that ``text`` means for ``key``.

    Relative paths are taken from ``base`` (the INI's folder), ``~`` is the home folder; an
    empty path stays empty.

    Raises:
        ValueError: one sentence that says what was expected; it never shows the text.
    """
    if _CONTROL.search(text):
        raise ValueError("there is a control character in it")
    if "\n" in text and key.form not in _LISTS:
        raise ValueError("expected one line; an indented line continues the one above it")
    if not text and key.form not in _MAY_BE_EMPTY:
        default = format_value(key, key.default)
        raise ValueError(f"there is no value; remove the line for the default {default}")
    if key.form in (Form.PATH, Form.PATHS):
        return _parse_paths(key, text, base)
    declared = _DECLARED_PARSERS.get(key.form)
    value = declared(key, text) if declared else _PARSERS[key.form](text)
    if key.id in _HEADER_VALUE and not cast("str", value).isascii():
        raise ValueError("only ASCII characters travel in an HTTP header")
    return value


def format_value(key: Key, value: object) -> str:
    """Return ``value`` as it stands in the INI; lists on one line."""
    return _FORMATS[key.form](value)


def describe_range(key: Key) -> str:
    """Return ``1 to 64``, ``at least 1 KiB`` or nothing, in the units of the key."""
    if key.form not in _NUMBERS:
        return ""
    low = None if key.low is None else format_value(key, _NUMBERS[key.form](key.low))
    high = None if key.high is None else format_value(key, _NUMBERS[key.form](key.high))
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if key.low else ""


def quote(text: str) -> str:
    """Return ``text`` so that blanks at its ends and comment signs in it are kept."""
    if _NEEDS_QUOTES.search(text) or _QUOTED.match(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def unquote(text: str) -> str:
    """Return ``text`` without the double quotes around the whole of it."""
    if _QUOTED.match(text):
        return text[1:-1].replace('""', '"')
    return text


def _parse_number(key: Key, text: str) -> object:
    number = _NUMBER_PARSERS[key.form](text)
    high = _LARGEST if key.high is None else key.high
    if number > high or (key.low is not None and number < key.low):
        raise ValueError("the number is out of range")
    return number


def _parse_choice(key: Key, text: str) -> object:
    word = unquote(text).strip().lower()
    if word not in key.choices:
        raise ValueError(f"expected {_any_of(key.choices)}")
    return word


def _parse_words(key: Key, text: str) -> object:
    words = _split(text)
    if not all(_WORD.match(word) for word in words):
        raise ValueError("expected words, comma or line separated")
    if key.choices:
        words = [word.lower() for word in words]
        if not words and key.default == ():
            return ()
        if not words or not set(words) <= set(key.choices):
            raise ValueError(f"expected one or more of {', '.join(key.choices)}")
    return tuple(dict.fromkeys(words))


def _parse_command(text: str) -> object:
    try:
        shlex.split(text)
    except ValueError as error:
        raise ValueError(
            f"the command has {str(error).lower()}; mind that ' #' and ' ;' begin a comment"
        ) from None
    return text


def _parse_url(text: str) -> object:
    url = unquote(text)
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
        right = right and (parts.port is None or parts.port > 0) and not re.search(r"\s", url)
    except ValueError:
        right = False
    if url and not right:
        raise ValueError("expected a URL such as http://host:8080/path")
    return url


def _parse_address(key: Key, text: str) -> object:
    word = unquote(text).strip()
    if word.lower() in key.choices:
        return word.lower()
    match = _ADDRESS.match(word)
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"expected {_any_of(key.choices)}, or host:port such as 127.0.0.1:9464")
    return word


def _parse_networks(text: str) -> object:
    networks = _split(text)
    parse_networks(networks)
    return tuple(dict.fromkeys(networks))


def _parse_priorities(text: str) -> object:
    found: dict[str, int] = {}
    for pair in _split(text):
        tag, equals, number = pair.rpartition("=")
        tag = tag.strip()
        try:
            priority = units.parse_integer(number)
        except ValueError:
            equals = ""
            priority = 0
        if not (equals and tag) or abs(priority) > 1_000_000:
            raise ValueError("expected tag=number pairs such as news=10, archive=-5")
        if tag in found:
            raise ValueError("a tag has two priorities")
        found[tag] = priority
    return tuple(found.items())


def _parse_paths(key: Key, text: str, base: Path | None) -> object:
    if key.form is Form.PATH:
        path = unquote(text)
        return path.lower() if path.lower() in key.choices else _resolve(path, base)
    lines = [line for line in text.split("\n") if line]
    try:
        rows = [next(csv.reader([line], skipinitialspace=True, strict=True), []) for line in lines]
        paths = [path.strip() for row in rows for path in row]
    except csv.Error:
        raise ValueError("a quotation mark is not closed") from None
    return tuple(dict.fromkeys(_resolve(path, base) for path in paths if path))


def _resolve(path: str, base: Path | None) -> str:
    if not path:
        return ""
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:
        raise ValueError("the home folder of ~ is not known; write the whole path") from None
    return str((base or Path()) / expanded)


def _split(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,\n]", unquote(text)) if word.strip()]


def _any_of(choices: tuple[str, ...]) -> str:
    return " or ".join([", ".join(choices[:-1]), choices[-1]] if choices[1:] else choices)


def _format_paths(value: object) -> str:
    return ", ".join(
        '"' + path.replace('"', '""') + '"' if re.search(r'[",#;]|\A\s|\s\Z', path) else path
        for path in cast("tuple[str, ...]", value)
    )


_NUMBER_PARSERS: dict[Form, Callable[[str], float]] = {
    Form.DURATION: units.parse_duration,
    Form.SIZE: units.parse_size,
    Form.RATE: units.parse_rate,
    Form.PERCENT: units.parse_percent,
    Form.INTEGER: units.parse_integer,
}
_NUMBERS: dict[Form, Callable[[float], float]] = {
    Form.DURATION: float,
    Form.SIZE: int,
    Form.RATE: int,
    Form.PERCENT: float,
    Form.INTEGER: int,
}
_DECLARED_PARSERS: dict[Form, Callable[[Key, str], object]] = {
    **dict.fromkeys(_NUMBER_PARSERS, _parse_number),
    Form.CHOICE: _parse_choice,
    Form.WORDS: _parse_words,
    Form.ADDRESS: _parse_address,
}
_PARSERS: dict[Form, Callable[[str], object]] = {
    Form.FLAG: units.parse_flag,
    Form.TEXT: unquote,
    Form.COMMAND: _parse_command,
    Form.URL: _parse_url,
    Form.NETWORKS: _parse_networks,
    Form.PRIORITIES: _parse_priorities,
    Form.BACKLOG: parse_backlog,
}
_MAY_BE_EMPTY = _LISTS | {Form.TEXT, Form.COMMAND, Form.URL, Form.PATH}
_FORMATS: dict[Form, Callable[[object], str]] = {
    Form.DURATION: lambda value: units.format_duration(cast("float", value)),
    Form.SIZE: lambda value: units.format_size(cast("int", value)),
    Form.RATE: lambda value: units.format_rate(cast("int", value)),
    Form.PERCENT: lambda value: units.format_percent(cast("float", value)),
    Form.INTEGER: str,
    Form.FLAG: lambda value: units.format_flag(bool(value)),
    Form.CHOICE: str,
    Form.WORDS: lambda value: ", ".join(cast("tuple[str, ...]", value)),
    Form.TEXT: lambda value: quote(str(value)),
    Form.COMMAND: str,
    Form.URL: lambda value: quote(str(value)),
    Form.PATH: lambda value: quote(str(value)),
    Form.PATHS: _format_paths,
    Form.ADDRESS: str,
    Form.NETWORKS: lambda value: ", ".join(cast("tuple[str, ...]", value)),
    Form.PRIORITIES: lambda value: quote(
        ", ".join(f"{tag}={number}" for tag, number in cast("tuple[tuple[str, int], ...]", value))
    ),
    Form.BACKLOG: lambda value: format_backlog(cast("Backlog", value)),
}
