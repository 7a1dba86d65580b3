"""A feed's body, decompressed under caps while it arrives.

The bytes decide whether a body is gzip, not its label: hosts send gzip unlabelled, label
plain XML as gzip, or compress twice. Nothing here can use more memory than the cap on the
decoded body and one piece, whatever a bomb claims.
"""

from __future__ import annotations

import zlib

from podfetch_tui.model.errors import Failure, Kind

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_PIECE = 256 * 1024
_SLICE = 64 * 1024
_RATIO = 100
_RATIO_FROM = 1024 * 1024
_MAX_MEMBERS = 100
_MAX_LAYERS = 2


class BodyDecoder:
    """Takes a body in pieces and gives it whole and decoded."""

    def __init__(self, limit: int) -> None:
        """Start with nothing.

        Args:
            limit: Largest body in bytes, on the wire and decoded.
        """
        self._limit = limit
        self._parts: list[bytes] = []
        self._head = b""
        self._gzip: _Gunzip | None = None
        self.wire_bytes = 0
        """Bytes taken so far, before decoding."""

    def push(self, data: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            Failure: TOO_LARGE, BOMB or DECODE.
        """
        self.wire_bytes += len(data)
        if self.wire_bytes > self._limit:
            raise too_large(self._limit)
        if self._gzip is not None:
            self._gzip.push(data)
        elif self._parts:
            self._parts.append(data)
        else:
            self._head += data
            if len(self._head) >= len(_GZIP):
                self._begin()

    def finish(self) -> bytes:
        """Return the decoded body.

        Raises:
            Failure: SHORT_BODY when the compressed stream has no end; TOO_LARGE, BOMB or
                DECODE from a second layer of compression.
        """
        if self._gzip is None:
            return b"".join(self._parts) or self._head
        body = self._gzip.finish()
        for _ in range(_MAX_LAYERS - 1):
            if not body.startswith(_GZIP):
                break
            inner = _Gunzip(self._limit, wire=self.wire_bytes)
            for start in range(0, len(body), _SLICE):
                inner.push(body[start : start + _SLICE])
            body = inner.finish()
        return body

    def _begin(self) -> None:
        if self._head.startswith(_GZIP):
            self._gzip = _Gunzip(self._limit)
            self._gzip.push(self._head)
        else:
            self._parts.append(self._head)


class _Gunzip:
    """One gzip stream of one or more members (RFC 1952 2.2), under caps."""

    def __init__(self, limit: int, *, wire: int = 0) -> None:
        self._limit = limit
        self._wire = wire
        self._wire_fixed = wire > 0
        self._parts: list[bytes] = []
        self._size = 0
        self._members = 1
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._carried = b""
        self._ended = False

    def push(self, data: bytes) -> None:
        if not self._wire_fixed:
            self._wire += len(data)
        data, self._carried = self._carried + data, b""
        while not self._ended:
            if self._inflate.eof:
                if len(data) < len(_GZIP):
                    self._carried = data
                    return
                if not data.startswith(_GZIP):
                    # Padding or junk after the last member is ignored, as gzip(1) does.
                    self._ended = True
                    return
                self._next_member()
            piece = self._step(data)
            data = self._inflate.unused_data or self._inflate.unconsumed_tail
            if not data and len(piece) < _PIECE:
                return

    def finish(self) -> bytes:
        if not self._inflate.eof:
            raise Failure(Kind.SHORT_BODY, "the compressed body ended early")
        return b"".join(self._parts)

    def _step(self, data: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(data, _PIECE)
        except zlib.error:
            raise Failure(Kind.DECODE, "the compressed body is damaged") from None
        self._size += len(piece)
        if self._size > self._limit:
            raise too_large(self._limit)
        if self._size > _RATIO_FROM and self._size > _RATIO * self._wire:
            raise Failure(Kind.BOMB, f"the body unpacks to more than {_RATIO} times its size")
        self._parts.append(piece)
        return piece

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise Failure(Kind.BOMB, f"the body has more than {_MAX_MEMBERS} compressed parts")
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)


def decode_head(head: bytes, limit: int) -> bytes:
    """Return the beginning of a body that may be gzip and may be cut anywhere."""
    if head.startswith(_GZIP):
        try:
            return zlib.decompressobj(_GZIP_WINDOW).decompress(head, limit)
        except zlib.error:
            return head[:limit]
    return head[:limit]


def too_large(limit: int) -> Failure:
    """Return the failure of a body above its cap."""
    return Failure(Kind.TOO_LARGE, f"the body is larger than {limit} bytes")
