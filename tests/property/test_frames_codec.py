"""Frames survive any cut, and bytes that are no frame raise one error only."""

from __future__ import annotations

import io
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.errors import Kind
from podfetch_tui.sandbox import frames
from podfetch_tui.sandbox.limits import Confinement

ANSWERS: st.SearchStrategy[frames.Answer] = st.one_of(
    st.builds(frames.Hello, st.builds(Confinement, st.booleans(), st.booleans())),
    st.builds(
        frames.Done,
        st.binary(max_size=200).map(lambda b: msgspec.Raw(msgspec.msgpack.encode(b))),
        st.integers(0, 1 << 40),
    ),
    st.builds(
        frames.Failed,
        st.sampled_from(list(Kind)),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        st.binary(max_size=50),
        st.integers(0, 1 << 40),
    ),
)


@given(st.lists(ANSWERS, max_size=5), st.integers(1, 50))
def test_answers_arrive_whole_however_they_are_cut(answers: list[frames.Answer], step: int) -> None:
    data = b"".join(frames.frame(answer, cap=10_000) for answer in answers)
    buffer, arrived = bytearray(), []
    for at in range(0, len(data), step):
        buffer += data[at : at + step]
        while (answer := frames.take_answer(buffer)) is not None:
            arrived.append(answer)
    assert arrived == answers
    assert not buffer


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_frame_error(data: bytes) -> None:
    for buffer in (bytearray(data), bytearray(struct.pack("!I", len(data)) + data)):
        try:
            while frames.take_answer(buffer) is not None:
                pass
        except frames.FrameError:
            pass


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_frame_error(data: bytes) -> None:
    for stream in (io.BytesIO(data), io.BytesIO(struct.pack("!I", len(data)) + data)):
        try:
            while frames.read_request(stream) is not None:
                pass
        except frames.FrameError:
            pass


@given(st.binary(max_size=500))
def test_a_request_arrives_with_its_payload(payload: bytes) -> None:
    request = frames.Request("t", msgspec.Raw(msgspec.msgpack.encode("x")), len(payload), 1.5, 2.5)
    data = frames.frame(request, cap=1000) + payload
    assert frames.read_request(io.BytesIO(data)) == (request, payload)
    assert frames.read_request(io.BytesIO(data[:-1])) is None


def test_a_frame_above_its_cap_is_not_sent() -> None:
    with pytest.raises(frames.FrameError):
        frames.frame(frames.Failed(Kind.BUG, "x" * 100, b"", 0), cap=50)
