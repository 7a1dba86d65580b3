"""What a run works with: one frozen bundle of the adapters, made once by ``cli.compose``."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.job import TransferProgress
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.net.client import HttpClient
from podfetch_tui.pipeline.parsing import Parsers
from podfetch_tui.sandbox.pool import Sandbox
from podfetch_tui.storage.layout import Layout
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked

OnProgress = Callable[[TransferProgress], None]
"""Told where a run stands; cheap, called for every piece of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The adapters of one engine."""

    http: HttpClient
    parsers: Parsers
    sandbox: Sandbox
    """Children that probe media; the tolerant parser is theirs too."""
    catalog: Catalog
    writer: Writer
    layout: Layout
    clock: Clock
    rng: random.Random

    def commit(self, write: Write) -> Receipt:
        """Apply ``write`` and wait until it is durable.

        Raises:
            Failure: The catalogue could not take it; nothing of it was applied.
        """
        assert_unlocked("commit")
        return self.writer.submit(write).result()
