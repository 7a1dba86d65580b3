"""The credentials file: an INI of its own, for this user's eyes only → one value.

A section is named after what it is for, a host, an origin or a feed's URL, or bears a name of
its own and says ``for``. Every problem is reported with file and line, and none shows a value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from podfetch_tui.config.loaded import Problem
from podfetch_tui.config.private import NotPrivate, read_private
from podfetch_tui.config.scanner import LARGEST, Scan, scan
from podfetch_tui.config.scanner import Entry as Line
from podfetch_tui.config.values import unquote
from podfetch_tui.model.credentials import Credentials, Entry, Scope
from podfetch_tui.model.text import clean, keep_secret, redact
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.urls import normalise_url

FILE_NAME = "podfetch.credentials"
"""Beside the INI, or in the user's configuration folder."""

_KEYS = ("for", "user", "password", "token", "secret_query")
_HEADER = "header."
_ANYWHERE = parse_networks(("0.0.0.0/0", "::/0"))
_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+\Z")
_VISIBLE = re.compile(r"[\x20-\x7e]*\Z")
_OURS = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-length", "expect", "host"),
        *("if-modified-since", "if-none-match", "if-range", "keep-alive", "range", "te"),
        *("trailer", "transfer-encoding", "upgrade", "user-agent"),
    }
)


def load_credentials(path: Path) -> tuple[Credentials, tuple[Problem, ...]]:
    """Read the credentials file; with any problem the credentials must not be used.

    What stands in it is kept out of everything the process shows from then on.
    """
    file = str(path)
    try:
        text = read_private(path, 4 * LARGEST + 4).decode("utf-8")
    except NotPrivate as error:
        message = f"the credentials file is refused: {error.strerror}"
        return Credentials(file=file), (
            Problem(file=file, line=0, message=message, hint=error.mend),
        )
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        return Credentials(file=file), (Problem(file=file, line=0, message=message),)
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        message = "there are bytes that are not UTF-8"
        return Credentials(file=file), (Problem(file=file, line=line, message=message),)
    credentials, problems = parse_credentials(text, file=file)
    keep_secret(credentials.secret_query, credentials.secrets)
    return credentials, problems


def parse_credentials(text: str, *, file: str) -> tuple[Credentials, tuple[Problem, ...]]:
    """Return what ``text`` holds, and everything that is wrong with it, by line."""
    reading = _Reading(file)
    entries = reading.take(scan(text))
    problems = sorted(reading.problems, key=lambda problem: problem.line)
    return Credentials(entries, file=file), tuple(problems)


class _Reading:
    """One file being read; a section with a problem makes no entry."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._places: dict[Scope, int] = {}

    def take(self, scanned: Scan) -> list[Entry]:
        for complaint in scanned.complaints:
            self._report(complaint.line, complaint.message, complaint.hint)
        entries = []
        seen: dict[str, int] = {}
        for header in scanned.headers:
            first = seen.setdefault(header.name, header.line)
            if first != header.line:
                self._report(header.line, f"the section stands in line {first} already")
                continue
            lines = [line for line in scanned.entries if line.section == header.name]
            entry = self._entry(header.name, header.line, lines)
            if entry is not None:
                entries.append(entry)
        return entries

    def _entry(self, name: str, number: int, lines: list[Line]) -> Entry | None:
        before = len(self.problems)
        values: dict[str, str] = {}
        where: dict[str, int] = {}
        for line in lines:
            first = where.setdefault(line.name, line.line)
            if first != line.line:
                self._report(line.line, f"{line.name} stands in line {first} already")
            elif self._is_sound(line):
                values[line.name] = unquote(line.value)
        scopes = tuple(self._scopes(name, values.get("for", ""), where.get("for", number)))
        for key, words in (("user", ("token",)), ("password", ("token",))):
            if key in values and any(word in values for word in words):
                self._report(where[key], "a section has a user and password, or a token")
                break
        if not set(values) - {"for"} and len(self.problems) == before:
            self._report(
                number,
                "the section says nothing to show",
                "set user and password, token, header.NAME or secret_query",
            )
        if len(self.problems) != before:
            return None
        return Entry(
            name=name,
            scopes=scopes,
            user=values.get("user", ""),
            password=values.get("password", ""),
            token=values.get("token", ""),
            headers=tuple(
                (key[len(_HEADER) :], value)
                for key, value in values.items()
                if key.startswith(_HEADER)
            ),
            secret_query=tuple(_words(values.get("secret_query", ""))),
        )

    def _is_sound(self, line: Line) -> bool:
        before = len(self.problems)
        key, value = line.name, unquote(line.value)
        if key.startswith(_HEADER):
            self._check_header(line, key[len(_HEADER) :], value)
        elif key not in _KEYS:
            close = difflib.get_close_matches(key[:40], _KEYS, n=1)
            hint = (
                f"did you mean {close[0]}?"
                if close
                else f"known are {', '.join(_KEYS)} and header.NAME"
            )
            self._report(line.line, f"unknown key {clean(key, 40)}", hint)
        if "\n" in line.value and key not in ("for", "secret_query"):
            self._report(line.line, f"{clean(key, 40)}: expected one line")
        elif not value:
            self._report(line.line, f"{clean(key, 40)}: there is no value")
        if len(line.comment) > 1 and not line.comment[1].isspace():
            hint = "put the value in double quotes to keep it, or a blank after the sign"
            self._report(line.line, f"{clean(key, 40)}: a part is taken as a comment", hint)
        if key == "user" and ":" in value:
            self._report(line.line, "user: a user name for HTTP holds no colon")
        if key == "token" and not _VISIBLE.match(value):
            self._report(line.line, "token: only printable ASCII travels in an HTTP header")
        return len(self.problems) == before

    def _check_header(self, line: Line, name: str, value: str) -> None:
        if not _TOKEN.match(name):
            self._report(line.line, f"{clean(name, 40)} cannot be the name of a header field")
        elif name in _OURS or name.startswith("proxy-"):
            self._report(line.line, f"{name} is PodFetch's own to set")
        elif not _VISIBLE.match(value):
            self._report(
                line.line, f"header.{name}: only printable ASCII travels in an HTTP header"
            )

    def _scopes(self, name: str, places: str, line: int) -> Iterator[Scope]:
        for text in [word.strip(",") for word in places.split()] or [name]:
            try:
                scope = _scope(text)
            except ValueError as error:
                hint = "" if places else "name a host or URL, or add a line: for = HOST or URL"
                self._report(line, f"[{clean(redact(text), 80)}]: {error}", hint)
                continue
            # Several accounts at one host are fine when they have names to choose by.
            first = line if places else self._places.setdefault(scope, line)
            if first != line:
                self._report(line, f"the entry of line {first} is for the same place already")
            yield scope

    def _report(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(file=self._file, line=line, message=message, hint=hint))


def _scope(text: str) -> Scope:
    """Return where an entry is good for: ``host``, ``host:port``, an origin or a feed's URL."""
    is_url = "://" in text
    if not is_url and not re.search(r"[.:]", text) and text != "localhost":
        raise ValueError("neither a host nor a URL")
    url = normalise_url(text if is_url else f"https://{text}/", allow=_ANYWHERE)
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("write user and password on lines of their own")
    origin = (parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    whole = parts.path in ("", "/") and not parts.query
    return Scope(origin, "" if whole else url)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]
