"""The head of an answer: status line, fields, and how long the body is.

Takes the place of ``http.client``'s own ``begin``, which hands the fields to the email
parser: that costs a fifth of a poll, takes the first odd line for the end of the fields
(and loses a ``Content-Length`` behind it), knows 100 as the only interim answer and lets
6 MiB of fields pass. Bodies are still read by ``http.client``. Source: RFC 9112.
"""

from __future__ import annotations

import http.client
import re

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.text import clean
from podfetch_tui.net.headers import Fields, content_length

_MAX_HEAD = 128 * 1024
_MAX_FIELDS = 200
_MAX_INTERIM = 10
_BODILESS = frozenset((204, 304))
_STATUS = re.compile(r"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t]+(.*))?\Z", re.DOTALL)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_LISTS = frozenset(
    ("cache-control", "connection", "content-encoding", "content-length", "transfer-encoding")
)
_NO_MESSAGE = http.client.HTTPMessage()


class Reply(http.client.HTTPResponse):
    """An answer whose head is read and whose body is not."""

    fields: Fields
    body_length: int | None
    """Bytes of the body; ``None`` while only its end will tell."""

    def begin(self) -> None:
        """Read the head of the final answer, skipping interim ones (RFC 9110 15.2).

        Raises:
            Failure: PROTOCOL, or RESET when the connection ended within the head.
            http.client.RemoteDisconnected: it ended before the first byte.
        """
        for _ in range(_MAX_INTERIM):
            minor = self._begin_status()
            self.fields = self._read_fields()
            if self.status >= 200 or self.status == 101:
                break
        else:
            raise Failure(Kind.PROTOCOL, "too many interim answers")
        self.code = self.status
        self.headers = self.msg = _NO_MESSAGE
        self.version = 11 if minor else 10
        self._begin_body()

    def _begin_status(self) -> int:
        """Read the status line; return the minor version."""
        line = self.fp.readline(_MAX_HEAD)
        if not line:
            raise http.client.RemoteDisconnected("closed without an answer")
        text = line.decode("latin-1").rstrip("\r\n")
        match = _STATUS.match(text)
        if match is None or len(line) == _MAX_HEAD:
            raise Failure(Kind.PROTOCOL, f"not an HTTP answer: {clean(text, 80)}")
        self.status = int(match[2])
        self.reason = match[3] or ""
        return int(match[1])

    def _read_fields(self) -> Fields:
        fields: Fields = {}
        last = ""
        budget = _MAX_HEAD
        for _ in range(_MAX_FIELDS):
            line = self.fp.readline(budget)
            if line in (b"\r\n", b"\n"):
                return fields
            budget -= len(line)
            if not line.endswith(b"\n"):
                if budget > 0:
                    raise Failure(Kind.RESET, "the host closed the connection within the head")
                break
            text = line.decode("latin-1")
            if text[0] in " \t":  # obsolete folding (RFC 9112 5.2)
                if last:
                    fields[last] = f"{fields[last]} {text.strip()}"
                continue
            name, colon, value = text.partition(":")
            name = name.rstrip().lower()
            if not colon or not _NAME.match(name):
                last = ""  # not a field: browsers skip such a line, too
                continue
            last = _add(fields, name, value.strip())
        raise Failure(Kind.PROTOCOL, "the head of the answer is too long")

    def _begin_body(self) -> None:
        """Decide how the body ends (RFC 9112 6.3) and whether the connection goes on."""
        fields = self.fields
        coding = fields.get("transfer-encoding", "").lower()
        self.chunked = coding == "chunked"
        self.chunk_left = None
        self.length = None
        if self.status in _BODILESS:
            self.chunked, self.length = False, 0
        elif coding in ("", "identity"):
            self.length = content_length(fields)
        elif not self.chunked:
            raise Failure(Kind.PROTOCOL, f"unknown Transfer-Encoding {clean(coding, 60)}")
        self.body_length = self.length
        options = fields.get("connection", "").lower()
        keep = "close" not in options and (self.version == 11 or "keep-alive" in options)
        self.will_close = not keep or (self.length is None and not self.chunked)


def _add(fields: Fields, name: str, value: str) -> str:
    """Add a field; return its name, or empty when the first of its kind holds."""
    if name not in fields:
        fields[name] = value
    elif name in _LISTS:
        fields[name] = f"{fields[name]}, {value}"
    else:
        return ""
    return name
