"""A cap on bytes per second that many share: a bucket of tokens, in the order of asking.

Bytes are paid for after they came. Who took some gets a ticket, the number of the last byte it
has to wait for; bytes are served at the rate. Equal pieces make equal shares, and a change of
the rate holds for those who wait already. Pure: the time is passed in.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

BURST_S = 0.25
"""Bytes of so many seconds may come at once after a pause."""
SHARES = 32
"""A piece is at most this part of what comes in a second: many get their turn within it."""
SMALLEST_PIECE = 4096


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken and what was served so far."""

    rate: int
    """Bytes per second; 0 for no cap."""
    at: float
    """Monotonic seconds of the last change."""
    served: float = 0.0
    taken: float = 0.0

    def flowed(self, now: float) -> Bucket:
        """Return the bucket at ``now``; without a cap nothing is owed."""
        if not self.rate:
            return replace(self, at=max(now, self.at), served=self.taken)
        served = self.served + self.rate * max(0.0, now - self.at)
        # Nothing is saved up while nobody takes anything, but for a moment's worth.
        taken = max(self.taken, served - self.rate * BURST_S)
        return replace(self, at=max(now, self.at), served=served, taken=taken)

    def with_rate(self, rate: int, now: float) -> Bucket:
        """Return the bucket with another rate; whoever waits goes on at that."""
        return replace(self.flowed(now), rate=rate)

    def take(self, count: int, now: float) -> tuple[Bucket, float]:
        """Take ``count`` bytes; return the bucket and the ticket to wait for."""
        flowed = self.flowed(now)
        taken = flowed.taken + count
        return replace(flowed, taken=taken), taken

    def wait_s(self, ticket: float, now: float) -> float:
        """Return the seconds until ``ticket`` is served at the present rate; 0 without a cap."""
        return max(0.0, (ticket - self.flowed(now).served) / self.rate) if self.rate else 0.0


def piece_size(rate: int, most: int) -> int:
    """Return how many bytes one transfer reads before others have their turn.

    Args:
        rate: Bytes per second of all together; 0 for no cap.
        most: Bytes of the largest piece.
    """
    return min(most, max(SMALLEST_PIECE, rate // SHARES)) if rate else most
