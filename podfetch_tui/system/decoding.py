"""Decoding into types of ours, each learnt by one thread alone.

msgspec learns a struct when it first decodes into it, and shows it to other threads while it is
half learnt: two threads that meet a type together end the process with SIGSEGV (msgspec 0.22).
So nobody decodes into a type but through this module; untyped JSON is msgspec's own.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from podfetch_tui.system.locks import Rank, RankedLock

T = TypeVar("T")

_learning = RankedLock(Rank.TYPES)
# A dictionary is safe for any thread as these are used: one step each.
_json: dict[Any, msgspec.json.Decoder[Any]] = {}
_msgpack: dict[Any, msgspec.msgpack.Decoder[Any]] = {}


def json_decoder(wanted: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of JSON into ``wanted``, for any thread; the same at each call."""
    decoder = _json.get(wanted)
    if decoder is None:
        with _learning:
            decoder = _json[wanted] = msgspec.json.Decoder(wanted)
    return decoder


def from_json(data: bytes | str, wanted: type[T]) -> T:
    """Return ``data`` as a ``wanted``. Raises ``msgspec.DecodeError`` as msgspec does."""
    return json_decoder(wanted).decode(data)


def from_msgpack(data: bytes | msgspec.Raw, wanted: type[T]) -> T:
    """Return ``data`` as a ``wanted``. Raises ``msgspec.DecodeError`` as msgspec does."""
    decoder = _msgpack.get(wanted)
    if decoder is None:
        with _learning:
            decoder = _msgpack[wanted] = msgspec.msgpack.Decoder(wanted)
    found: T = decoder.decode(data)
    return found


def convert(value: object, wanted: type[T]) -> T:
    """Return a plain value as a ``wanted``. Raises ``msgspec.ValidationError``."""
    json_decoder(wanted)
    return msgspec.convert(value, wanted)
