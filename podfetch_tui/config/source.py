"""Where the settings of one process come from; read at its start and at every reload."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from podfetch_tui.config.checks import Check
from podfetch_tui.config.credentials import FILE_NAME, load_credentials
from podfetch_tui.config.ini import load, load_file
from podfetch_tui.config.loaded import Loaded
from podfetch_tui.config.values import format_value
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.model.settings import BINDINGS_SECTION, Settings, keys, value_of
from podfetch_tui.system.paths import user_config_file

Pairs = Sequence[tuple[str, str]]
"""(``section.key``, text as in the INI)."""


class SettingsSource(msgspec.Struct, frozen=True, kw_only=True):
    """The INI, the environment and the command line, as they were given to the process."""

    ini: Path | None = None
    """The INI that holds; ``None`` when there was none."""
    env: Mapping[str, str] = {}
    overrides: tuple[tuple[str, str], ...] = ()
    """Of the command line."""
    checks: tuple[Check, ...] = ()
    fixed: Credentials | None = None
    """Read no file at all, these are the credentials; see :func:`fixed_source`."""

    def read(self, runtime: Pairs = ()) -> Loaded:
        """Read everything as it stands now, credentials included; problems are in the result."""
        if self.ini is None:
            loaded = load(
                "", env=self.env, overrides=self.overrides, runtime=runtime, checks=self.checks
            )
        else:
            loaded = load_file(
                self.ini,
                env=self.env,
                overrides=self.overrides,
                runtime=runtime,
                checks=self.checks,
            )
        if self.fixed is not None:
            return msgspec.structs.replace(loaded, credentials=self.fixed)
        secret = self.credentials_file(loaded.settings)
        if secret is None:
            return loaded
        credentials, problems = load_credentials(secret)
        return msgspec.structs.replace(
            loaded, credentials=credentials, problems=(*loaded.problems, *problems)
        )

    def again(self, loaded: Loaded, runtime: Pairs, *, text: str | None = None) -> Loaded:
        """Return what ``loaded`` becomes with other runtime changes; no file is read.

        Args:
            loaded: Was read before.
            runtime: All changes made while running.
            text: Instead of the INI's text.
        """
        fresh = load(
            loaded.text if text is None else text,
            file=loaded.file,
            env=self.env,
            overrides=self.overrides,
            runtime=runtime,
            checks=self.checks,
        )
        return msgspec.structs.replace(fresh, credentials=loaded.credentials)

    def found(self) -> SettingsSource:
        """Return this with the INI that came to be where one is looked for, if none was there."""
        usual = _usual_file()
        if self.fixed is not None or self.ini is not None or usual is None:
            return self
        if not os.path.lexists(usual):  # unlike Path.exists, it fails for no reason
            return self
        return msgspec.structs.replace(self, ini=usual)

    def files(self, settings: Settings) -> list[Path]:
        """Return the files whose change may mean other settings, whether they exist or not."""
        if self.fixed is not None:
            return []
        usual = _usual_file()
        ini = self.ini or usual
        if settings.network.credentials:
            secrets = [Path(settings.network.credentials)]
        else:
            secrets = [path.with_name(FILE_NAME) for path in (ini, usual) if path is not None]
        return [*([ini] if ini is not None else []), *secrets]

    def credentials_file(self, settings: Settings) -> Path | None:
        """Return the credentials file, ``None`` when there is none.

        The one configured, else one beside the INI or in the user's configuration folder.
        """
        if settings.network.credentials:
            return Path(settings.network.credentials)
        beside = [path.with_name(FILE_NAME) for path in (self.ini, _usual_file()) if path]
        return next((path for path in beside if os.path.lexists(path)), None)


def _usual_file() -> Path | None:
    try:
        return user_config_file()
    except BadConfiguration:  # no home folder: then there is no file in it either
        return None


def fixed_source(settings: Settings, credentials: Credentials) -> tuple[SettingsSource, Loaded]:
    """Return a source that always gives ``settings``, for an engine that reads no files."""
    pairs = tuple(
        (key.id, format_value(key, value_of(settings, key)))
        for key in keys()
        if value_of(settings, key) != key.default
    )
    bound = tuple((f"{BINDINGS_SECTION}.{name}", to) for name, to in settings.keys.bindings)
    source = SettingsSource(overrides=(*pairs, *bound), fixed=credentials)
    loaded = load("", overrides=source.overrides)
    return source, msgspec.structs.replace(
        loaded, settings=settings, credentials=credentials, problems=()
    )
