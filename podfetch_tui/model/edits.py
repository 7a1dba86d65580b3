"""What holds for one feed alone, and a change of it by the operator."""

from __future__ import annotations

from typing import Union

import msgspec
from msgspec import UNSET, UnsetType

from podfetch_tui.model.feed import Access, Backlog


class FeedOwn(msgspec.Struct, frozen=True, kw_only=True):
    """What is set for one feed alone; empty or ``None`` means as in the settings."""

    url: str
    """The whole URL, secrets included."""
    title: str = ""
    """The operator's name for it; empty: its own, or that of its list."""
    priority: int | None = None
    """``None``: it follows from the tags."""
    interval: int | None = None
    """Seconds."""
    backlog: Backlog | None = None
    user_agent: str = ""
    feed_max: int | None = None
    """Bytes."""
    allow_private: tuple[str, ...] = ()
    auth: str = ""
    tags: tuple[str, ...] = ()

    @property
    def access(self) -> Access:
        """What holds for a request to its URL."""
        return Access(
            feed_url=self.url,
            user_agent=self.user_agent,
            feed_max=self.feed_max,
            allow_private=self.allow_private,
            auth=self.auth,
        )


class EditFeed(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Change what is set for one feed alone; what is left out stays.

    Another URL is another place: its history begins anew, and the old URL is remembered. A feed
    in quarantine leaves it, on probation.
    """

    feed_id: int
    at: int
    """UTC milliseconds."""
    actor: str = "command"
    seen: Union[int, None] = None
    """Since when its state was as it was seen, UTC milliseconds; refused if that changed since."""
    url: Union[str, UnsetType] = UNSET
    """Normalised."""
    title: Union[str, UnsetType] = UNSET
    priority: Union[int, UnsetType, None] = UNSET
    effective_priority: Union[int, UnsetType] = UNSET
    """What holds now that priority or tags have changed."""
    interval: Union[int, UnsetType, None] = UNSET
    backlog: Union[Backlog, UnsetType, None] = UNSET
    queue: Union[Backlog, UnsetType] = UNSET
    """Episodes that were skipped for the backlog and that this policy wants become due."""
    user_agent: Union[str, UnsetType] = UNSET
    feed_max: Union[int, UnsetType, None] = UNSET
    allow_private: Union[tuple[str, ...], UnsetType] = UNSET
    auth: Union[str, UnsetType] = UNSET
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    """Taken away, whichever list said so."""


def after(own: FeedOwn, write: EditFeed) -> FeedOwn:
    """Return what is set for the feed once ``write`` is applied."""
    given = {
        name: value
        for name in FeedOwn.__struct_fields__
        if name != "tags" and (value := getattr(write, name)) is not UNSET
    }
    tags = tuple(sorted({*own.tags, *write.tag} - set(write.untag)))
    return msgspec.structs.replace(own, tags=tags, **given)
