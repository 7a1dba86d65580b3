"""A canary that only its origin may see, and a world that would love to see it."""

from __future__ import annotations

import base64
import contextlib
import ssl
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import trustme
from support import program
from support.proxy import ProxyServer, proxy_server
from support.rawserver import Peer, RawServer

from podfetch_tui.demo import feeds
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Answer, Request, Route

SIZE = 20_000
HOME, ABROAD = "127.0.0.21", "127.0.0.22"
GUESTS = ("127.0.0.23", "127.0.0.25")
"""Hosts of feeds whose URL says who we are."""
WEBHOOK = "/services/w3bh00k-canary?token=looks-canary"
"""What a webhook's URL has beside its host: a secret of its path, and one of its query."""
TAIL = "?member=member-canary&token=looks-canary&show=1"
CANARY = "c4nary/Zq%9 x"
"""Holds what URLs, JSON and Basic each write otherwise."""
FORMS = (
    CANARY,
    quote(CANARY, safe=""),
    base64.b64encode(f"ada:{CANARY}".encode()).decode(),
    base64.b64encode(b"proxy:c4nary-pr0xy").decode(),
    "c4nary",
    "k3y-canary",
    "t0ken-canary",
    "member-canary",
    "looks-canary",
    "w3bh00k-canary",
    "gu3st-canary",
    base64.b64encode(b"guest:gu3st-canary").decode(),
)
BASIC = f"Basic {FORMS[2]}"
GUEST = f"Basic {FORMS[-1]}"
"""Of a password that stands in the URLs of feeds and nowhere else."""


def private(route: Route, *, shown: str) -> Answer:
    """An answer only for those who show it; others get theirs back in the page."""

    def answer(request: Request) -> Route:
        given = request.headers.get("authorization", "")
        if given == shown:
            return route
        word = base64.b64decode(given.partition(" ")[2]).decode().partition(":")[2]
        page = f"wrong: {given}, {word}".encode()
        return Route(status=401, body=page, content_type="text/html")

    return answer


class World:
    """A private host, another host, one behind TLS that wants a token, and a proxy before all."""

    def __init__(
        self, folder: Path, host: PodcastHost, tls: RawServer, proxy: ProxyServer, bundle: str
    ) -> None:
        self.folder, self.host, self.tls, self.proxy = folder, host, tls, proxy
        self.urls = [self._basic(), self._userinfo(), self._query(), self._wrong(), self._token()]
        self.urls.append(self._wrong_guest())
        (folder / "feeds.txt").write_text("\n".join(self.urls) + "\n")
        (folder / "podfetch.credentials").write_text(
            f"[{host.url('', HOME)}]\nuser = ada\npassword = {CANARY}\n"
            f"secret_query = member\n[{tls.url('/feed.xml')}]\ntoken = t0ken-canary\n"
            "header.X-Key = k3y-canary\n"
        )
        (folder / "podfetch.credentials").chmod(0o600)
        place = proxy.url.replace("//", "//proxy:c4nary-pr0xy@")
        (folder / "podfetch.ini").write_text(
            "[archive]\nroot = archive\nmin_free = 0\nmin_free_percent = 0\n"
            f"[network]\nallow_private = 127.0.0.0/8\nproxy = {place}\nca_bundle = {bundle}\n"
            "[retry]\nattempts = 1\n[logging]\nlevel = debug\nfile = podfetch.log\n"
            f"[alerts]\nwebhook = http://127.0.0.26:9{WEBHOOK}\n"
        )

    def configure(self, ini: str) -> None:
        """Add sections to the INI."""
        with (self.folder / "podfetch.ini").open("a") as file:
            file.write(ini)

    def _feed(self, name: str, path: str, media: str, *, shown: str = "") -> None:
        entries = feeds.items(name, 2, media, length=SIZE, notes_bytes=50)
        route = Route(body=feeds.rss(f"The {name} show", entries))
        self.host.table.routes[path] = private(route, shown=shown) if shown else route

    def _media(self, path: str, *, shown: str = "") -> None:
        for number in (1, 2):
            place = path.format(n=number)
            route = Route(body=Media(place, SIZE), content_type="audio/mpeg")
            self.host.table.routes[place] = private(route, shown=shown) if shown else route

    def _basic(self) -> str:
        """Private itself; its media lie at home, and lead abroad by a redirect."""
        self._feed("basic", "/basic.xml", self.host.url("/basic/{n}.mp3", HOME), shown=BASIC)
        self._media("/abroad/{n}.mp3")
        for number in (1, 2):
            there = self.host.url(f"/abroad/{number}.mp3", ABROAD)
            moved = Route(status=302, headers=(("Location", there),))
            self.host.table.routes[f"/basic/{number}.mp3"] = private(moved, shown=BASIC)
        return self.host.url("/basic.xml", HOME)

    def _userinfo(self) -> str:
        """Its URL says who we are; half of its media are abroad."""
        self._feed("userinfo", "/userinfo.xml", self.host.url("/u/{n}.mp3", ABROAD), shown=GUEST)
        self._media("/u/{n}.mp3")
        url = self.host.url("/userinfo.xml", GUESTS[0])
        return url.replace("//", "//guest:gu3st-canary@")

    def _query(self) -> str:
        """Its URL has a key that is listed and one that looks secret; so have its media."""
        self._feed("query", "/query.xml", self.host.url("/q/{n}.mp3", HOME) + TAIL)
        self._media("/q/{n}.mp3")
        return self.host.url("/query.xml", HOME) + TAIL

    def _wrong(self) -> str:
        """Shows its password to a host that does not take it, and says so aloud."""
        self.host.table.routes["/wrong.xml"] = private(Route(), shown="nobody")
        return self.host.url("/wrong.xml", HOME)

    def _wrong_guest(self) -> str:
        """The same with a password that stands in the URL."""
        self.host.table.routes["/guest.xml"] = private(Route(), shown="nobody")
        return self.host.url("/guest.xml", GUESTS[1]).replace("//", "//guest:gu3st-canary@")

    def _token(self) -> str:
        return self.tls.url("/feed.xml")

    def podfetch(self, *words: str) -> subprocess.CompletedProcess[str]:
        return program.podfetch(*words, folder=self.folder)


def token_feed(peer: Peer, elsewhere: str) -> None:
    """Show a feed to who has the token; ``/moved.xml`` is ``elsewhere``."""
    while (request := peer.request()) is not None:
        if request.path.startswith("/moved.xml"):
            peer.answer("302 Found", b"", f"Location: {elsewhere}")
            continue
        right = request.headers.get("authorization") == "Bearer t0ken-canary"
        right = right and request.headers.get("x-key") == "k3y-canary"
        entries = feeds.items("token", 0, "", length=1, notes_bytes=1)
        if right:
            peer.answer("200 OK", feeds.rss("The token show", entries))
        else:
            peer.answer("401 Unauthorized", b"no token")


def assert_silent(name: str, text: str) -> None:
    for form in FORMS:
        found = [line for line in text.splitlines() if form in line]
        assert not found, f"{name} shows {form}: {found[0][:300]}"


@contextlib.contextmanager
def canary_world(tmp_path: Path) -> Iterator[World]:
    """Start all of it, with its files below ``tmp_path``."""
    made = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("127.0.0.24").configure_cert(context)
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(PodcastHost())
        insecure = host.url("/query.xml", HOME) + TAIL
        serve = partial(token_feed, elsewhere=insecure)
        tls = stack.enter_context(RawServer(serve, address="127.0.0.24", tls=context))
        proxy = stack.enter_context(proxy_server(account="proxy:c4nary-pr0xy"))
        yield World(tmp_path, host, tls, proxy, "ca.pem")
