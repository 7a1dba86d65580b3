"""What holds for a request: the settings, and what one feed has of its own.

Two immutable values: one for the whole client, swapped as one when settings change, and one
for each request, so that a request that runs is not changed under its feet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from podfetch_tui.model.credentials import Credentials
from podfetch_tui.model.errors import BadConfiguration, Failure, Kind
from podfetch_tui.model.feed import Access
from podfetch_tui.model.text import clean, redact
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.headers import field_text, user_agent
from podfetch_tui.net.redirects import Trail
from podfetch_tui.net.target import Target, parse_target
from podfetch_tui.policy.addresses import Network, parse_networks

_ANYWHERE = parse_networks(("0.0.0.0/0", "::/0"))


class Setup(NamedTuple):
    """All that can change while running."""

    network: NetworkSettings
    allow: tuple[Network, ...]
    user_agent: str
    per_host: int
    credentials: Credentials


class Terms(NamedTuple):
    """What holds for one request and the redirects it meets."""

    setup: Setup
    access: Access
    allow: tuple[Network, ...]
    """Every private network that is open to it."""
    extra: tuple[Network, ...]
    """Those that are open to this feed only: its connections are nobody else's."""

    @property
    def user_agent(self) -> str:
        """Who we say we are."""
        own = self.access.user_agent
        return field_text(own) if own else self.setup.user_agent

    @property
    def feed_max(self) -> int:
        """Largest document, in bytes."""
        own = self.access.feed_max
        return self.setup.network.feed_max if own is None else own


class Shown(NamedTuple):
    """The credentials a request carries."""

    fields: dict[str, str]
    """Header fields."""
    words: str
    """What they are, for messages; empty when there are none."""


def shown_at(trail: Trail, terms: Terms) -> Shown:
    """Return what the place a request has come to is shown: nothing behind a foreign redirect."""
    if not trail.at_home:
        return Shown({}, "")
    target, access = trail.target, terms.access
    entry = terms.setup.credentials.entry_for(
        target.origin, feed_url=access.feed_url, auth=access.auth
    )
    if entry is not None:
        return Shown(entry.fields(), f"the credentials [{clean(redact(entry.name), 60)}]")
    authorization = target.authorization or _of_feed(access.feed_url, target)
    if authorization is None:
        return Shown({}, "")
    return Shown({"Authorization": authorization}, "the user name and password of the URL")


def _of_feed(feed_url: str, target: Target) -> str | None:
    """A feed's media on its own origin are as private as the feed."""
    if "@" not in feed_url:
        return None
    try:
        feed = parse_target(feed_url, _ANYWHERE)
    except Failure:
        return None
    return feed.authorization if feed.origin == target.origin else None


def setup_of(network: NetworkSettings, per_host: int, credentials: Credentials) -> Setup:
    """Return the client's setup.

    Raises:
        BadConfiguration: ``allow_private`` is no list of networks.
    """
    try:
        allow = parse_networks(network.allow_private)
    except ValueError as error:
        raise BadConfiguration(f"[network] allow_private: {error}") from error
    return Setup(network, allow, user_agent(network), per_host, credentials)


def terms_of(setup: Setup, access: Access) -> Terms:
    """Return what holds for a request of one feed.

    Raises:
        Failure: NO_CREDENTIALS when the feed names an entry that is not there.
    """
    if access.auth and setup.credentials.named(access.auth) is None:
        where = setup.credentials.file or "no credentials file"
        raise Failure(
            Kind.NO_CREDENTIALS,
            f"the feed is to use the credentials [{clean(access.auth, 60)}], which are not in "
            f"{where}",
        )
    extra = _networks(access.allow_private) if access.allow_private else ()
    return Terms(setup, access, setup.allow + extra, extra)


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return parse_networks(texts)
