"""What the bare command was told, and the settings that follow from it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from podfetch_tui.config.checks import Check, Contradiction
from podfetch_tui.config.ini import load, load_file
from podfetch_tui.config.loaded import Loaded, refuse
from podfetch_tui.config.values import quote
from podfetch_tui.model.errors import BadConfiguration, UsageError
from podfetch_tui.model.settings import Settings
from podfetch_tui.storage.template import parse_template
from podfetch_tui.system.paths import user_config_file

CONFIG_VARIABLE = "PODFETCH_CONFIG"
"""Environment variable that names the INI when ``--config`` does not."""
LOCAL_FILE = "podfetch.ini"
"""The INI of the current folder."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the bare command; they hold for every subcommand (``ctx.obj``)."""

    config_file: str | None = None
    archive: str | None = None
    sets: tuple[str, ...] = ()
    """``section.key=value``, in the order given."""
    feeds: tuple[str, ...] = ()
    """Feed lists to import before running."""
    verbose: int = 0
    """How often ``-v`` was given; negative for ``-q``."""


def check_filename(settings: Settings) -> Iterator[Contradiction]:
    """Yield what is wrong with ``archive.filename``; ``storage`` knows what a pattern is."""
    try:
        parse_template(settings.archive.filename)
    except BadConfiguration as error:
        yield Contradiction(("archive.filename",), str(error))


CHECKS: tuple[Check, ...] = (check_filename,)
"""What ``config`` cannot check itself; a reload must pass them too."""


def config_file(context: Context, env: Mapping[str, str] = os.environ) -> Path | None:
    """Return the INI that holds, or ``None`` when there is none.

    ``--config``, ``$PODFETCH_CONFIG``, ``./podfetch.ini``, the user's configuration folder;
    a file that was named is returned whether it exists or not.
    """
    named = context.config_file or env.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    local = Path(LOCAL_FILE)
    if local.exists():
        return local
    try:
        users = user_config_file()
    except BadConfiguration:  # no home folder: then there is no file in it either
        return None
    return users if users.exists() else None


def overrides(context: Context) -> tuple[tuple[str, str], ...]:
    """Return the settings given on the command line; ``--archive`` sets ``archive.root``.

    Raises:
        UsageError: a ``--set`` without ``=``, or an empty ``--archive``.
    """
    pairs = []
    for text in context.sets:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set {text!r}: write --set section.key=value")
        pairs.append((key, value))
    if context.archive is not None:
        if not context.archive:
            raise UsageError("--archive is empty: name a folder")
        pairs.append(("archive.root", quote(str(Path(context.archive).absolute()))))
    return tuple(pairs)


def read_settings(context: Context, env: Mapping[str, str] = os.environ) -> Loaded:
    """Read settings from everywhere, problems included.

    Raises:
        UsageError: the command line cannot be understood.
    """
    given = overrides(context)
    path = config_file(context, env)
    if path is None:
        return load("", env=env, overrides=given, checks=CHECKS)
    return load_file(path, env=env, overrides=given, checks=CHECKS)


def load_settings(context: Context, env: Mapping[str, str] = os.environ) -> Loaded:
    """Read settings from everywhere.

    Raises:
        BadConfiguration: there is a problem; the message lists all of them.
        UsageError: the command line cannot be understood.
    """
    loaded = read_settings(context, env)
    refuse(loaded.problems)
    return loaded
