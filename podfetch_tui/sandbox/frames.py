"""What goes over the pipes between parent and child: length-prefixed msgpack of fixed types.

Nothing is ever unpickled. Both ends cap what they read before they hold it, because a child that
a hostile file has taken over writes whatever it likes.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Union

import msgspec

from podfetch_tui.model.errors import Kind
from podfetch_tui.sandbox.limits import Confinement

REQUEST_CAP = 1 << 20
"""Bytes of a request without its payload."""
PAYLOAD_CAP = 256 << 20
"""Bytes of a payload; far above ``feed_max``, it only stops nonsense."""
ANSWER_CAP = 64 << 20
"""Bytes of an answer: a 32 MiB feed with every text kept."""
PREFIX = struct.Struct("!I")


class FrameError(Exception):
    """What arrived is no frame of ours; the message says why."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """One task; ``payload_size`` raw bytes follow it."""

    task: str
    params: msgspec.Raw
    payload_size: int
    cpu_s: float
    """CPU seconds the task may use."""
    wall_s: float
    """Seconds after which the parent kills; the child's own alarm goes off later."""


class Hello(msgspec.Struct, frozen=True, tag="hello", array_like=True):
    """First frame of a child, before it touches its first payload."""

    confinement: Confinement


class Done(msgspec.Struct, frozen=True, tag="done", array_like=True):
    """The task's result, to be decoded into the one type the task may return."""

    result: msgspec.Raw
    rss: int
    """Resident bytes of the child after the task."""


class Failed(msgspec.Struct, frozen=True, tag="failed", array_like=True):
    """The task ended with a named failure."""

    kind: Kind
    detail: str
    evidence: bytes
    rss: int


Answer = Union[Hello, Done, Failed]

_encode = msgspec.msgpack.Encoder().encode
_requests = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def frame(value: Request | Answer, *, cap: int) -> bytes:
    """Return ``value`` as one frame.

    Raises:
        FrameError: It is larger than ``cap`` bytes.
    """
    body = _encode(value)
    if len(body) > cap:
        raise FrameError(f"a frame of {len(body)} bytes is larger than {cap}")
    return PREFIX.pack(len(body)) + body


def take_answer(buffer: bytearray) -> Answer | None:
    """Cut the first whole answer off the front of ``buffer``; ``None`` when it is not whole yet.

    Raises:
        FrameError: It declares more than :data:`ANSWER_CAP` bytes, or is not an answer.
    """
    if len(buffer) < PREFIX.size:
        return None
    (size,) = PREFIX.unpack_from(buffer)
    if size > ANSWER_CAP:
        raise FrameError(f"an answer of {size} bytes is larger than {ANSWER_CAP}")
    end = PREFIX.size + size
    if len(buffer) < end:
        return None
    with memoryview(buffer) as view:
        body = bytes(view[PREFIX.size : end])
    del buffer[:end]
    try:
        return _answers.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(f"not an answer: {type(error).__name__}") from error


def read_request(stream: BinaryIO) -> tuple[Request, bytes] | None:
    """Read one request and its payload in the child; ``None`` when the parent is gone.

    Raises:
        FrameError: What the parent wrote is no request.
    """
    prefix = stream.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    (size,) = PREFIX.unpack(prefix)
    if size > REQUEST_CAP:
        raise FrameError(f"a request of {size} bytes is larger than {REQUEST_CAP}")
    body = stream.read(size)
    if len(body) < size:
        return None
    try:
        request = _requests.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FrameError(f"not a request: {error}") from error
    if not 0 <= request.payload_size <= PAYLOAD_CAP:
        raise FrameError(f"a payload of {request.payload_size} bytes is larger than {PAYLOAD_CAP}")
    payload = stream.read(request.payload_size)
    return (request, payload) if len(payload) == request.payload_size else None
