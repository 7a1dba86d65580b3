"""The developer's own settings and archives are invisible to the tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pluggy import Result


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PODFETCH_STATE_DIR", str(home / "state"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "PODFETCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """What one test sets of the log, as an engine does that follows its INI, ends with it."""
    loggers = (logging.getLogger(), logging.getLogger("podfetch_tui"))
    before = [(logger, logger.level) for logger in loggers]
    yield
    for logger, level in before:
        logger.setLevel(level)


CRASH_S = 900
"""A test that kills is dozens of programs, one after the other, on whatever machine it is."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("crash") is not None:
            item.add_marker(pytest.mark.timeout(CRASH_S))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Hostile text in captured output cannot pass between test processes as it is."""
    outcome: Result[pytest.TestReport] = yield  # type: ignore[assignment]
    report = outcome.get_result()
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
