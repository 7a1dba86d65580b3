"""What the wizard finds out of a newcomer's answers: it looks, and changes nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from podfetch_tui.catalog.places import unsafe_place
from podfetch_tui.cli import lists
from podfetch_tui.cli.context import CHECKS
from podfetch_tui.config.editing import set_values
from podfetch_tui.config.example import render_example
from podfetch_tui.config.ini import load
from podfetch_tui.config.loaded import Problem
from podfetch_tui.config.values import quote
from podfetch_tui.model.errors import Failure, UsageError
from podfetch_tui.model.figures import count, size, span
from podfetch_tui.model.first_run import PACES, Answers, Asked, Choice, Finding
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import counted
from podfetch_tui.policy.forecast import forecast
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import names_problem
from podfetch_tui.system.durable import os_failures
from podfetch_tui.system.filesystems import folds_case
from podfetch_tui.system.paths import user_config_file
from podfetch_tui.system.resources import free_bytes

_REJECTS = 6
_BACKLOGS = (("all", None), ("10", 10), ("1", 1), ("none", 0))
_WORDS = {"all": "all", "10": "the newest 10", "1": "the newest one", "none": "none"}
_SPEED = 10_000_000
"""Bytes per second that times are given for: nobody knows yet what comes in here."""


def ini_text(answers: Answers) -> str:
    """Return the INI for ``answers``: all keys with their comments, the answers set."""
    values = {
        "archive.root": quote(str(Path(answers.root).expanduser().absolute())),
        "feeds.backlog": answers.backlog,
        "archive.min_free": answers.min_free,
        **PACES[answers.pace],
    }
    if answers.contact:
        values["network.contact"] = quote(answers.contact)
    return set_values(render_example(), values)


class Inspector:
    """Looks at the answers of the wizard; see ``ui.wizard.desk``."""

    def __init__(self, settings: Settings) -> None:
        """Look with ``settings``: those of the environment, for there is no INI yet."""
        self._settings = settings

    def look_at_folder(self, root: str) -> Finding:
        """Say whether an archive can be made in ``root``."""
        if not root:
            return Finding(False, ("Name a folder.",))
        path = Path(root).expanduser().absolute()
        try:
            with os_failures(f"look at {path}"):
                return self._look_at(path)
        except Failure as failure:
            return Finding(False, (failure.detail,))

    def _look_at(self, path: Path) -> Finding:
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        if not there.is_dir():
            return Finding(False, (f"{there} is a file.",))
        if not os.access(there, os.W_OK | os.X_OK):
            return Finding(False, (f"You may not write into {there}.",))
        if problem := names_problem(path) or unsafe_place(Layout(path).catalog) or "":
            return Finding(False, (f"{problem[0].upper()}{problem[1:]}.",))
        known = (*_names(there), _room(there))
        if Layout(path).marker.exists():
            return Finding(True, ("This is an archive already; it will be used.", *known))
        if there == path and any(path.iterdir()):
            text = f"{path} is not empty. Name a new or empty folder: its files are not touched."
            return Finding(False, (text,))
        made = "It is empty." if there == path else "It will be made."
        return Finding(True, (made, *known))

    def look_at_list(self, path: str) -> Finding:
        """Say what a feed list holds, and which lines are no feeds."""
        if not path:
            return Finding(True, ("No feeds yet: `podfetch import FILE` adds them later.",))
        file = Path(path).expanduser().absolute()
        if not file.is_file():
            return Finding(False, ("There is no such file.",))
        try:
            (taken,) = lists.read((str(file),), self._settings)
        except (UsageError, Failure) as error:
            return Finding(False, (str(error),))
        feeds = taken.feeds
        new, doubles, bad = len(feeds.entries), len(feeds.duplicates), len(feeds.rejected)
        rejected = counted(bad, "line")
        head = f"{counted(new, 'feed')}, {count(doubles)} named twice, {rejected} rejected."
        rejects = [
            f"  line {one.line}: {one.text[:40]}: {one.reason}" for one in feeds.rejected[:_REJECTS]
        ]
        if bad > _REJECTS:
            rejects.append(f"  … and {count(bad - _REJECTS)} more: `podfetch import --dry-run`")
        if not new:
            return Finding(False, (head, *rejects))
        return Finding(True, (head, *rejects), new)

    def ask_feeds(self, path: str, stop: threading.Event, tell: Callable[[Asked], None]) -> None:
        """Ask a few feeds of a list how much they hold; see ``cli.first_sample``."""
        from podfetch_tui.cli.first_sample import ask_some  # the network, and the parsers

        file = Path(path).expanduser().absolute()
        try:
            (taken,) = lists.read((str(file),), self._settings)
        except (UsageError, Failure):
            return  # it was good a moment ago: then nothing gets known
        ask_some(taken.feeds.entries, self._settings, stop, tell)

    def backlogs(self, feeds: int, asked: Asked) -> tuple[Choice, ...]:
        """Return how much of the past can be wanted, each with what it costs."""
        return tuple(
            Choice(value, f"{_WORDS[value]:16}{_cost(feeds, most, asked)}".rstrip())
            for value, most in _BACKLOGS
        )

    def look_at_settings(self, answers: Answers) -> Finding:
        """Say whether the settings hold; the lines are those that differ from the defaults."""
        text = ini_text(answers)
        loaded = load(text, env={}, checks=CHECKS)
        if loaded.problems:
            return Finding(False, tuple(map(_said, loaded.problems)))
        lines, section = [], ""
        for one in text.splitlines():
            if one.startswith("["):
                section = one
            elif one and not one.startswith("#"):
                lines += [*([section] if section not in lines else []), one]
        return Finding(True, (str(user_config_file()), *lines))


def _said(problem: Problem) -> str:
    """Say what is wrong without file and line: there is no file yet."""
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _names(there: Path) -> tuple[str, ...]:
    """Say what names can be; PodFetch's own are short, and unique without regard to case."""
    folds = folds_case(there)
    case = {True: ", case does not count", False: ", case counts", None: ""}[folds]
    return (f"Names of up to {os.pathconf(there, 'PC_NAME_MAX')} bytes{case}.",)


def _room(there: Path) -> str:
    free, total = free_bytes(there)
    return f"{size(free)} free of {size(total)}." if total else "Its free space is unknown."


def _cost(feeds: int, most: int | None, asked: Asked) -> str:
    if most == 0:
        return "only what is published from now on"
    if not feeds:
        return ""
    found = forecast(feeds, most, asked.heard)
    if found is None:
        return "not known yet"
    episodes = f"about {counted(found.episodes, 'episode')}"
    if found.bytes is None:
        return f"{episodes}, their feeds do not say how large"
    return f"{episodes}, {size(found.bytes)}, {span(found.bytes / _SPEED)} at 10 MB/s"
