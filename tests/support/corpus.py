"""Where the corpus of real feeds is, for tests that use it when it is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T", bound=Callable[..., object])

_VARIABLE = "PODFETCH_CORPUS"


def corpus_root() -> Path | None:
    """Return the folder of the corpus, or ``None`` when this machine has none.

    ``PODFETCH_CORPUS`` names it; without it ``../shared/corpus`` beside the checkout is tried.
    """
    named = os.environ.get(_VARIABLE)
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    return folder if folder.is_dir() else None


def requires_corpus(test: T) -> T:
    """Mark a test or class as one that needs the corpus and is skipped without it."""
    skip = pytest.mark.skipif(corpus_root() is None, reason=f"no corpus here; set {_VARIABLE}")
    for mark in (skip, pytest.mark.corpus):
        test = mark(test)
    return test


def corpus_files(pattern: str) -> tuple[Path, ...]:
    """Return the corpus files that match ``pattern``, sorted; none when there is no corpus.

    Good for ``parametrize``: without a corpus the test is collected without a case.
    """
    root = corpus_root()
    return () if root is None else tuple(sorted(root.glob(pattern)))
