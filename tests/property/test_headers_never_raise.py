"""Whatever a host puts into its fields, reading them ends in a value."""

from __future__ import annotations

import io
from email.utils import formatdate
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.headers import (
    content_codings,
    content_length,
    content_range,
    http_date,
    is_settled,
    is_strong,
    max_age,
    retry_after,
    validators,
)
from podfetch_tui.net.reply import Reply

LATIN = st.text(st.characters(max_codepoint=255), max_size=200)
NEAR = st.one_of(
    LATIN,
    st.from_regex(r"(bytes|items)? ?[0-9]{0,20}-?[0-9]{0,20}/?([0-9]{0,20}|\*)", fullmatch=True),
    st.from_regex(r"(public|max-age|no-cache|,| |=|\"|[0-9]{1,12}){0,8}", fullmatch=True),
    st.from_regex(
        r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{0,9} GMT", fullmatch=True
    ),
    st.from_regex(r"(W/)?\"[!-~]{0,20}\"?", fullmatch=True),
)


@given(NEAR, NEAR, st.integers(0, 2**45))
def test_no_field_raises(text: str, other: str, now_ms: int) -> None:
    seconds = retry_after(text, now_ms=now_ms)
    assert seconds is None or 0 <= seconds <= 10**12
    age = max_age({"cache-control": text})
    assert age is None or 0 <= age <= 10**10
    found = content_range({"content-range": text})
    if found is not None:
        assert found[0] <= found[1]
        assert found[2] is None or found[1] < found[2]
    kept = validators({"etag": text, "last-modified": other})
    for value in (kept.etag, kept.last_modified):
        assert value is None or not {"\r", "\n", "\0"} & set(value)
    is_strong(text)
    is_settled({"last-modified": text, "date": other})
    assert "identity" not in content_codings({"content-encoding": text})


@given(NEAR)
def test_a_length_is_a_number_or_a_named_failure(text: str) -> None:
    length: int | None = None
    kind: Kind | None = None
    try:
        length = content_length({"content-length": text})
    except Failure as failure:
        kind = failure.kind
    assert (length is None) == (kind is Kind.PROTOCOL)
    assert length is None or 0 <= length < 10**18


@given(st.integers(0, 253402300799))
def test_every_date_we_could_write_is_read_back(seconds: int) -> None:
    assert http_date(formatdate(seconds, usegmt=True)) == seconds


@given(st.integers(0, 10**10 - 1))
def test_every_number_of_seconds_is_read_back(seconds: int) -> None:
    assert retry_after(str(seconds), now_ms=0) == seconds


class _Socket:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(cast(io.RawIOBase, io.BytesIO(self.data)))


FIELD = st.tuples(
    st.from_regex(r"[A-Za-z-]{1,12}", fullmatch=True),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
)


@given(st.lists(FIELD, max_size=20))
def test_fields_come_out_as_they_went_in(pairs: list[tuple[str, str]]) -> None:
    pairs = [("X-" + name, value) for name, value in pairs]
    head = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    reply = read(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode("latin-1"))
    expected: dict[str, str] = {}
    for name, value in pairs:
        expected.setdefault(name.lower(), value)
    assert reply.fields == expected
    reply.close()


@given(st.binary(max_size=400))
def test_no_head_ends_but_in_an_answer_or_a_named_failure(garbage: bytes) -> None:
    for head in (garbage, b"HTTP/1.1 200 OK\r\n" + garbage + b"\r\n\r\n"):
        kind, status = None, 0
        try:
            reply = read(head)
            status = reply.status
            reply.close()
        except Failure as failure:
            kind = failure.kind
        except ConnectionError:
            kind = Kind.RESET
        assert kind in (Kind.PROTOCOL, Kind.RESET) or 100 <= status <= 999


def read(head: bytes) -> Reply:
    reply = Reply(_Socket(head))  # type: ignore[arg-type]
    try:
        reply.begin()
    except BaseException:
        reply.close()
        raise
    return reply
