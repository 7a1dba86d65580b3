"""INI text, environment and command line → settings, with every problem at once.

A later layer wins: default, INI, environment, command line, runtime change. Nothing here
raises for what people wrote: the caller reads ``Loaded.problems`` and applies the settings
only when there is none. It opens nothing but the one INI file it is asked to read.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from podfetch_tui.config.bindings import is_binding_id, parse_keys
from podfetch_tui.config.checks import Check, Contradiction, contradictions
from podfetch_tui.config.files import read_bounded
from podfetch_tui.config.loaded import Loaded, Origin, Problem, Source
from podfetch_tui.config.scanner import LARGEST, MOST_PROBLEMS, Entry, Scan, scan
from podfetch_tui.config.values import describe_range, format_value, parse_value
from podfetch_tui.model.actions import unknown_id
from podfetch_tui.model.setting import Form, Key
from podfetch_tui.model.settings import BINDINGS_SECTION, Settings, keys, keys_by_id
from podfetch_tui.model.text import clean

ENVIRONMENT_PREFIX = "PODFETCH_"
"""Variables ``PODFETCH_SECTION__KEY`` set a key; those without ``__`` are not settings."""

_QUOTE_HINT = "put the value in double quotes to keep it, or a blank after the sign"
_SECTIONS = Settings.__struct_fields__


def load(
    text: str,
    *,
    file: str | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Sequence[tuple[str, str]] = (),
    runtime: Sequence[tuple[str, str]] = (),
    checks: Sequence[Check] = (),
) -> Loaded:
    """Return the settings that all layers together give.

    Args:
        text: The INI; empty when there is none.
        file: Its name, for messages; relative paths in it are taken from its folder.
        env: The environment; only ``PODFETCH_SECTION__KEY`` is looked at.
        overrides: (``section.key``, text) of the command line; the last of a key holds.
        runtime: The same for changes made while the engine runs.
        checks: Further checks of the whole tree, run when each value alone is right.
    """
    reading = _Reading(file)
    reading.take_file(scan(text))
    reading.take_environment(env or {})
    reading.take_pairs(overrides, Source(Origin.COMMAND_LINE))
    reading.take_pairs(runtime, Source(Origin.RUNTIME))
    return msgspec.structs.replace(reading.finish(checks), text=text)


def load_file(
    path: Path,
    *,
    env: Mapping[str, str] | None = None,
    overrides: Sequence[tuple[str, str]] = (),
    runtime: Sequence[tuple[str, str]] = (),
    checks: Sequence[Check] = (),
) -> Loaded:
    """Read ``path`` and :func:`load` it; a file that cannot be read is a problem like others."""
    text, refused = _read(path)
    loaded = load(
        text, file=str(path), env=env, overrides=overrides, runtime=runtime, checks=checks
    )
    if refused is None:
        return loaded
    return msgspec.structs.replace(loaded, problems=(refused, *loaded.problems))


def _read(path: Path) -> tuple[str, Problem | None]:
    try:
        data = read_bounded(path, 4 * LARGEST + 4)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return "", Problem(file=str(path), line=0, message=f"cannot be read: {reason}")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        message = "there are bytes that are not UTF-8"
        return "", Problem(file=str(path), line=line, message=message, hint="save it as UTF-8")


def _folder(file: str | None) -> Path | None:
    try:
        return Path(file).absolute().parent if file else None
    except OSError:  # the working folder is gone: paths stay as they are
        return None


class _Reading:
    """The layers taken so far; a value that is wrong leaves the one below it in force."""

    def __init__(self, file: str | None) -> None:
        self._file = file
        self._base = _folder(file)
        self._values: dict[str, object] = {}
        self._bindings: dict[str, str] = {}
        self._sources: dict[str, Source] = {key.id: Source() for key in keys()}
        self._in_file: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._wrong: set[str] = set()

    def take_file(self, scanned: Scan) -> None:
        """Take the INI in; its duplicates are problems."""
        name = self._file or "podfetch.ini"
        for complaint in scanned.complaints:
            self._report(name, complaint.line, "", complaint.message, complaint.hint)
        self._take_headers(scanned, name)
        first_lines: dict[str, int] = {}
        for entry in scanned.entries:
            section = entry.section.lower()
            if section not in _SECTIONS or self._full:
                continue
            id_ = f"{section}.{entry.name}"
            first = first_lines.setdefault(id_, entry.line)
            if first != entry.line:
                hint = "keep one of them"
                message = f"{clean(id_, 80)} stands in line {first} already"
                self._report(name, entry.line, id_, message, hint)
                continue
            self._in_file[id_] = entry.value
            if _lost_text(id_, entry):
                message = f"{clean(entry.comment, 20)} is taken as a comment of {clean(id_, 80)}"
                self._report(name, entry.line, id_, message, _QUOTE_HINT)
            self._take(id_, entry.value, Source(Origin.FILE, name, entry.line))

    def _take_headers(self, scanned: Scan, name: str) -> None:
        first_lines: dict[str, int] = {}
        for header in scanned.headers:
            section = header.name.lower()
            first = first_lines.setdefault(section, header.line)
            shown = clean(header.name, 80)
            if not section or self._full:
                continue
            if section not in _SECTIONS:
                hint = _did_you_mean(section, _SECTIONS, "[{}]")
                self._report(name, header.line, "", f"unknown section [{shown}]", hint)
            elif first != header.line:
                message = f"section [{shown}] stands in line {first} already"
                self._report(name, header.line, "", message, "put its keys together")

    def take_environment(self, env: Mapping[str, str]) -> None:
        """Take every ``PODFETCH_SECTION__KEY`` in."""
        for name in sorted(env):
            section, separator, key = name[len(ENVIRONMENT_PREFIX) :].partition("__")
            if not (name.startswith(ENVIRONMENT_PREFIX) and separator):
                continue
            if section.lower() == BINDINGS_SECTION:
                message = "key bindings are not read from the environment"
                self._report(name, 0, BINDINGS_SECTION, message, "set them in the INI")
                continue
            id_ = f"{section.lower()}.{key.lower()}"
            self._take(id_, env[name].strip(), Source(Origin.ENVIRONMENT, name))

    def take_pairs(self, pairs: Sequence[tuple[str, str]], source: Source) -> None:
        """Take pairs of ``section.key`` and text in."""
        for id_, text in pairs:
            self._take(id_.strip().lower(), text.strip(), source)

    def _take(self, id_: str, text: str, source: Source) -> None:
        section, _, name = id_.partition(".")
        if section == BINDINGS_SECTION:
            self._take_binding(id_, name, text, source)
            return
        key = keys_by_id().get(id_)
        if key is None:
            message = f"unknown key {clean(id_, 80)}"
            self._report(source.place, source.line, id_, message, _suggest(section, name))
            return
        try:
            base = self._base if source.origin is Origin.FILE else None
            self._values[id_] = parse_value(key, text, base=base)
            self._sources[id_] = source
        except ValueError as error:
            message = f"{_shown(key, text)}: {error}"
            self._wrong.add(id_)
            self._report(source.place, source.line, id_, message, _allowed(key))

    def _take_binding(self, id_: str, name: str, text: str, source: Source) -> None:
        try:
            if not is_binding_id(name):
                raise ValueError("expected an id such as feeds.check")
            if wrong := unknown_id(name):
                raise ValueError(wrong)
            self._bindings[name] = parse_keys(text)
            self._sources[id_] = source
        except ValueError as error:
            message = f'{clean(id_, 80)} = "{clean(text, 60)}": {error}'
            self._report(source.place, source.line, id_, message, "")

    @property
    def _full(self) -> bool:
        return len(self._problems) >= MOST_PROBLEMS

    def _report(self, file: str, line: int, key: str, message: str, hint: str) -> None:
        if not self._full:
            self._problems.append(
                Problem(file=file, line=line, key=clean(key, 80), message=message, hint=hint)
            )

    def finish(self, checks: Sequence[Check]) -> Loaded:
        """Put the tree together and look at it as a whole."""
        settings = self._settings()
        for found in _all_contradictions(settings, checks, whole=not self._problems):
            if not self._wrong.intersection(found.keys):
                self._report_contradiction(found)
        order = {(self._file or "podfetch.ini"): 0}
        problems = sorted(self._problems, key=lambda p: (order.get(p.file, 1), p.line))
        return Loaded(
            settings=settings,
            sources=self._sources,
            problems=tuple(problems),
            file=self._file,
            in_file=self._in_file,
        )

    def _settings(self) -> Settings:
        by_section: dict[str, dict[str, object]] = {}
        for id_, value in self._values.items():
            section, _, name = id_.partition(".")
            by_section.setdefault(section, {})[name] = value
        if self._bindings:
            by_section[BINDINGS_SECTION] = {"bindings": tuple(self._bindings.items())}
        settings = Settings()
        sections = {
            name: msgspec.structs.replace(getattr(settings, name), **values)
            for name, values in by_section.items()
        }
        return msgspec.structs.replace(settings, **sections)

    def _report_contradiction(self, found: Contradiction) -> None:
        """Show it where it was set last; where each of its keys is set follows."""
        sources = [self._sources.get(key, Source()) for key in found.keys]
        blamed = max(sources, key=lambda source: (_ORDER[source.origin], source.line))
        others = [
            f"{key} is set in {self._sources[key].text}"
            for key in found.keys
            if self._sources.get(key, blamed) not in (blamed, Source())
        ]
        hint = "; ".join([found.hint, *others] if found.hint else others)
        self._report(blamed.place, blamed.line, found.keys[0], found.message, hint)


_ORDER = {origin: place for place, origin in enumerate(Origin)}


def _all_contradictions(
    settings: Settings, checks: Sequence[Check], *, whole: bool
) -> Iterator[Contradiction]:
    yield from contradictions(settings)
    if whole:
        for check in checks:
            yield from check(settings)


def _lost_text(id_: str, entry: Entry) -> bool:
    """Whether a comment looks like a part of a text: `{title} #{number}`, `a;b`."""
    key = keys_by_id().get(id_)
    free = key is not None and key.form in (Form.TEXT, Form.COMMAND)
    return free and not entry.comment[1:2].isspace() and len(entry.comment) > 1


def _shown(key: Key, text: str) -> str:
    return f"{key.id} = ***" if key.secret else f'{key.id} = "{clean(text, 60)}"'


def _allowed(key: Key) -> str:
    allowed = describe_range(key)
    if not allowed or key.form is Form.FLAG:
        return ""
    return f"{allowed}, default {format_value(key, key.default)}"


def _did_you_mean(word: str, known: Sequence[str], form: str = "{}") -> str:
    close = difflib.get_close_matches(word[:80], known, n=1)
    return f"did you mean {form.format(close[0])}?" if close else ""


def _suggest(section: str, name: str) -> str:
    if not name:
        return "write section.key"
    elsewhere = [key.id for key in keys() if key.name == name]
    if elsewhere:
        return f"did you mean {elsewhere[0]}?"
    if section not in _SECTIONS:
        return _did_you_mean(section, _SECTIONS, "section {}")
    here = [key.name for key in keys() if key.section == section]
    everywhere = [key.id for key in keys()]
    return _did_you_mean(name, here) or _did_you_mean(f"{section}.{name}", everywhere)
