"""What goes over the socket: JSON-RPC 2.0, one message a line (https://www.jsonrpc.org).

Methods: ``hello``, then the four verbs ``snapshot``, ``watch``, ``query`` and ``send``.
Everything is decoded into fixed types; lines are capped in both directions.
"""

from __future__ import annotations

from typing import Any, TypeVar, Union

import msgspec

from podfetch_tui.model.commands import Command, CommandResult
from podfetch_tui.model.events import EventBatch
from podfetch_tui.model.snapshot import EngineSnapshot, Page, PageRequest
from podfetch_tui.system.decoding import from_json

VERSION = 1
"""Of this protocol; a client of another one is refused with a sentence."""
LONGEST_REQUEST = 16 << 20
"""Bytes of a line to the engine: a feed list of 10,000 lines fits."""
LONGEST_ANSWER = 64 << 20
"""Bytes of a line from the engine."""
LONGEST_WATCH_S = 30.0

PARSE_ERROR, BAD_REQUEST, NO_METHOD, BAD_PARAMS = -32700, -32600, -32601, -32602
ENGINE_ERROR = -32000
"""The engine could not answer; the message says why."""
READ_ONLY = -32001
"""The client said that it would only read."""
OTHER_VERSION = -32002

T = TypeVar("T")


class Hello(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First request of a client."""

    version: int
    read_only: bool = False
    """It promises to send no command, and is held to it."""


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to :class:`Hello`."""

    version: int
    program: str
    archive: str
    """UUID of the archive."""
    root: str
    pid: int
    run: str = ""
    """Another one for each engine: event numbers of different runs do not compare."""


class Watch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of ``watch``."""

    after: int
    timeout: float = 0.0


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of ``snapshot``."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it comes in."""

    jsonrpc: str
    id: Union[int, str, None] = None
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class RpcError(msgspec.Struct, frozen=True):
    """Why a request was not answered."""

    code: int
    message: str


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer as it goes out; exactly one of ``result`` and ``error`` is set."""

    jsonrpc: str
    id: Union[int, str, None] = None
    result: Union[msgspec.Raw, msgspec.UnsetType] = msgspec.UNSET
    error: Union[RpcError, msgspec.UnsetType] = msgspec.UNSET


PARAMS: dict[str, Any] = {
    "hello": Hello,
    "snapshot": Nothing,
    "watch": Watch,
    "query": PageRequest,
    "send": Command,
}
RESULTS: dict[str, Any] = {
    "hello": Welcome,
    "snapshot": EngineSnapshot,
    "watch": EventBatch,
    "query": Page,
    "send": CommandResult,
}


class Refused(Exception):
    """A message cannot be taken; the code and the sentence go to the other side."""

    def __init__(self, code: int, message: str, request_id: int | str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


def decode_request(line: bytes) -> tuple[Request, Any]:
    """Return a request and its parameters, decoded into their type.

    Raises:
        Refused: It is no JSON, no request, for no method of ours, or has wrong parameters.
    """
    try:
        request = from_json(line, Request)
    except msgspec.ValidationError as error:
        raise Refused(BAD_REQUEST, f"no JSON-RPC 2.0 request: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(PARSE_ERROR, f"no JSON: {error}") from None
    if request.jsonrpc != "2.0":
        raise Refused(BAD_REQUEST, 'not "jsonrpc": "2.0"', request.id)
    if request.method not in PARAMS:
        known = ", ".join(PARAMS)
        raise Refused(
            NO_METHOD, f"no method {request.method[:80]!r}; there are {known}", request.id
        )
    try:
        return request, from_json(request.params, PARAMS[request.method])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(BAD_PARAMS, f"{request.method}: {error}", request.id) from None


def encode_result(request_id: int | str | None, result: object) -> bytes:
    """Return the line that answers a request."""
    raw = msgspec.Raw(msgspec.json.encode(result))
    return msgspec.json.encode(Response(jsonrpc="2.0", id=request_id, result=raw)) + b"\n"


def encode_error(request_id: int | str | None, code: int, message: str) -> bytes:
    """Return the line that refuses a request."""
    error = RpcError(code, message)
    return msgspec.json.encode(Response(jsonrpc="2.0", id=request_id, error=error)) + b"\n"


def encode_request(request_id: int, method: str, params: object) -> bytes:
    """Return the line that asks for ``method``."""
    raw = msgspec.Raw(msgspec.json.encode(params))
    return (
        msgspec.json.encode(Request(jsonrpc="2.0", id=request_id, method=method, params=raw))
        + b"\n"
    )


def decode_response(line: bytes, method: str) -> Any:
    """Return the result that a line holds.

    Raises:
        Refused: The other side refused; its code and sentence.
        msgspec.DecodeError: It is no answer to ``method``.
    """
    response = from_json(line, Response)
    if response.error is not msgspec.UNSET:
        raise Refused(response.error.code, response.error.message)
    if response.result is msgspec.UNSET:
        raise msgspec.DecodeError("an answer without a result")
    return from_json(response.result, RESULTS[method])
