"""The HTTP client as tests use it: loopback allowed, short names for long calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.feed import Validators
from podfetch_tui.model.work_settings import NetworkSettings
from podfetch_tui.net.client import FetchResult, HttpClient, Resume
from podfetch_tui.net.names import Lookup
from podfetch_tui.system.clock import Clock

LOOPBACK = ("127.0.0.0/8",)
NETWORK = NetworkSettings(allow_private=LOOPBACK)
NO_VALIDATORS = Validators()


@contextmanager
def http_client(
    *,
    per_host: int = 2,
    resolver: Lookup | None = None,
    clock: Clock | None = None,
    **settings: object,
) -> Iterator[HttpClient]:
    """A client that may reach loopback, with these ``[network]`` settings."""
    client = HttpClient(
        msgspec.structs.replace(NETWORK, **settings),
        per_host=per_host,
        clock=clock or Clock(),
        resolver=resolver,
    )
    try:
        yield client
    finally:
        client.close()


def fetch(
    client: HttpClient,
    url: str,
    *,
    validators: Validators = NO_VALIDATORS,
    stop: threading.Event | None = None,
) -> FetchResult:
    return client.fetch(url, validators=validators, stop=stop or threading.Event())


def failure_of(client: HttpClient, url: str, *, validators: Validators = NO_VALIDATORS) -> Failure:
    """The failure that fetching ``url`` ends with."""
    with pytest.raises(Failure) as caught:
        fetch(client, url, validators=validators)
    return caught.value


def kind_of(client: HttpClient, url: str) -> Kind:
    return failure_of(client, url).kind


def download(client: HttpClient, url: str, *, resume: Resume | None = None) -> bytes:
    """The whole body of a media file, or its rest."""
    with client.open_media(url, resume=resume, stop=threading.Event()) as stream:
        return b"".join(bytes(piece) for piece in stream.chunks())


def media_failure_of(client: HttpClient, url: str, *, resume: Resume | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        download(client, url, resume=resume)
    return caught.value


def answers(**table: Sequence[str]) -> Lookup:
    """A resolver that knows these names (underscores stand for dots)."""
    known = {name.replace("_", "."): list(addresses) for name, addresses in table.items()}

    def lookup(host: str) -> Sequence[str]:
        return known[host]

    return lookup
