"""What ``feeds edit`` is to change, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from podfetch_tui.config.columns import parse_cell
from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.edits import EditFeed, FeedOwn, after
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Backlog
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.text import clean, redact
from podfetch_tui.model.units import format_duration, format_size
from podfetch_tui.policy.addresses import parse_networks
from podfetch_tui.policy.priority import effective
from podfetch_tui.policy.urls import normalise_url
from podfetch_tui.system.decoding import convert

CLEARED: dict[str, object] = {
    "title": "",
    "priority": None,
    "interval": None,
    "backlog": None,
    "user_agent": "",
    "feed_max": None,
    "allow_private": (),
    "auth": "",
}
"""What ``--clear`` takes, and what stands there then: the settings hold again."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options, read."""

    values: dict[str, object]
    """Field of :class:`FeedOwn` → wanted value."""
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one feed."""

    edit: EditFeed
    before: FeedOwn
    now: FeedOwn

    @property
    def changes(self) -> dict[str, dict[str, str | None]]:
        """Key → old and new in words, without secrets; ``None``: as in the settings."""
        return {
            name: {"old": _text(name, self.before), "new": _text(name, self.now)}
            for name in FeedOwn.__struct_fields__
            if getattr(self.before, name) != getattr(self.now, name)
        }


def read_options(
    given: Mapping[str, str | None],
    *,
    allow_private: Sequence[str],
    clear: Sequence[str],
    tag: Sequence[str],
    untag: Sequence[str],
    credentials: Credentials,
) -> Asked:
    """Return what the options say.

    Raises:
        UsageError: one of them cannot be used, or there is none.
    """
    values: dict[str, object] = {}
    cells = {**given, "allow_private": " ".join(allow_private) or None}
    for name, text in cells.items():
        if text is not None:
            values[name] = _value(name, text, credentials)
    for word in clear:
        name = word.lower().replace("-", "_")
        if name not in CLEARED:
            raise UsageError(f"--clear {word}: expected one of {', '.join(CLEARED)}")
        if name in values:
            raise UsageError(f"--{word} is both set and cleared")
        values[name] = CLEARED[name]
    if both := sorted(set(tag) & set(untag)):
        raise UsageError(f"{both[0]!r} is both a --tag and an --untag")
    asked = Asked(values=values, tag=read_tags(tag, "--tag"), untag=read_tags(untag, "--untag"))
    if not (asked.values or asked.tag or asked.untag):
        raise UsageError("say what to change; see podfetch feeds edit --help")
    return asked


def plan(
    feed_id: int, own: FeedOwn, asked: Asked, settings: Settings, *, first: bool, at: int
) -> Plan | None:
    """Return what ``asked`` changes at one feed, ``None`` when all is so already.

    Args:
        feed_id: The feed.
        own: What is set for it.
        asked: The options.
        settings: For what holds where nothing is set.
        first: It was never polled: its first poll will go by the backlog anyway.
        at: Now, UTC milliseconds.
    """
    values = dict(asked.values)
    if "url" in values:
        values["url"] = _url(
            str(values["url"]), values.get("allow_private", own.allow_private), settings
        )
    edit = EditFeed(
        feed_id=feed_id,
        at=at,
        tag=tuple(tag for tag in asked.tag if tag not in own.tags),
        untag=tuple(tag for tag in asked.untag if tag in own.tags),
        **values,  # type: ignore[arg-type]  # each was read for its field
    )
    now = after(own, edit)
    if now == own:
        return None
    rules, backlog = settings.feeds.priority, now.backlog or settings.feeds.backlog
    edit = msgspec.structs.replace(
        edit,
        effective_priority=effective(now.priority, now.tags, rules),
        queue=UNSET if first or now.backlog == own.backlog else backlog,
    )
    return Plan(edit=edit, before=own, now=now)


def _value(name: str, text: str, credentials: Credentials) -> object:
    if name == "url":
        return text
    option = f"--{name.replace('_', '-')}"
    if not text.strip():
        raise UsageError(f"{option} is empty; say --clear {name} to go by the settings again")
    if name == "auth":
        if credentials.named(text) is None:
            raise UsageError(f"--auth {text}: {_no_entry(credentials)}")
        return text
    return read_option(option, name, text)


def read_option(option: str, column: str, text: str) -> object:
    """Return what the text of an option means, by the rules of a feed list's column.

    Raises:
        UsageError: it cannot be used.
    """
    try:
        return parse_cell(column, text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {str(error).partition(': ')[2]}") from error


def read_tags(texts: Sequence[str], option: str) -> tuple[str, ...]:
    """Return the distinct tags that an option names, which may be given again.

    Raises:
        UsageError: one of the texts cannot be used.
    """
    found: dict[str, None] = {}
    for text in texts:
        tags = read_option(option, "tags", text)
        found.update(dict.fromkeys(convert(tags, tuple[str, ...])))
    return tuple(found)


def _no_entry(credentials: Credentials) -> str:
    if not credentials.file:
        return "there is no credentials file; docs/networks.md says how to make one"
    known = ", ".join(f"[{clean(redact(entry.name), 60)}]" for entry in credentials.entries)
    return f"no section of that name in {credentials.file}; there are {known or 'none'}"


def _url(text: str, opened: object, settings: Settings) -> str:
    networks = (*settings.network.allow_private, *convert(opened, tuple[str, ...]))
    try:
        return normalise_url(text, allow=parse_networks(networks))
    except ValueError as error:
        raise UsageError(f"--url {redact(text)}: {error}") from error


def is_elsewhere(own: FeedOwn, credentials: Credentials) -> bool:
    """Return whether the entry a feed is to use is for other places than the feed's own."""
    entry = credentials.named(own.auth) if own.auth else None
    if entry is None:
        return False
    host = urlsplit(own.url).hostname
    return all(scope.origin[1] != host for scope in entry.scopes)


def _text(name: str, own: FeedOwn) -> str | None:
    value = getattr(own, name)
    if value in (None, "", ()):
        return None
    if name == "url":
        return redact(str(value))
    if name == "interval":
        return format_duration(value)
    if name == "feed_max":
        return format_size(value)
    if isinstance(value, Backlog):
        return value.text
    return ", ".join(value) if isinstance(value, tuple) else str(value)
