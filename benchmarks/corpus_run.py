"""Real feeds through the whole program: every wanted enclosure archived once, with its own bytes.

The RSS 2.0 documents of the corpus are served from loopback; their enclosures lead to real audio
of the corpus, each body made unique by its URL. One ``--once`` archives them; everything is due
again and polled once more; then the same without uniqueness shows what is stored once.

    python -m benchmarks.corpus_run [--corpus FOLDER]

Exit 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from benchmarks.kills import ask
from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.routes import Request, Route

AUDIO = ("beetbox-full.mp3", "mopidy-song1.mp3", "quodlibet-lame.mp3", "quodlibet-alac.m4a")
"""Good files that take a mark without becoming worse."""
TYPES = {".mp3": "audio/mpeg", ".m4a": "audio/mp4"}
_URL = re.compile(
    rb"""(<(?:enclosure|media:content|podcast:source)\b[^>]*?\b(?:url|uri)\s*=\s*)(["'])(.*?)\2""",
    re.DOTALL,
)
CHANNEL_LINKS = re.compile(
    rb"<itunes:new-feed-url>.*?</itunes:new-feed-url>|<atom:link\b[^>]*\brel=.next.[^>]*>",
    re.DOTALL,
)


def unique(body: bytes, suffix: str, mark: str) -> bytes:
    """Return the same sound with ``mark`` in a tag."""
    text = mark.encode()
    if suffix == ".m4a":
        return body + struct.pack(">I4s", 8 + len(text), b"free") + text
    frame = b"TXXX" + struct.pack(">I", len(text) + 2) + b"\0\0" + b"\0\0" + text
    size = len(frame)
    packed = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + packed + frame + body


def mapped(body: bytes, host: PodcastHost, address: str) -> bytes:
    """Return a document whose enclosures lead to ``address``, each URL to a path of its own."""

    def there(match: re.Match[bytes]) -> bytes:
        url = match[3].decode("utf-8", "replace").strip()
        if not url.lower().startswith(("http:", "https:", "//")):
            return match[0]
        digest = hashlib.sha256(url.encode()).hexdigest()[:20]
        suffix = PurePosixPath(urlsplit(url).path).suffix[:6]
        suffix = suffix if re.fullmatch(r"\.\w+", suffix) else ""
        place = host.url(f"/e/{digest}{suffix}", address)
        return match[1] + match[2] + place.encode() + match[2]

    return _URL.sub(there, CHANNEL_LINKS.sub(b"", body))


class Corpus:
    """The documents as they are served, and which body belongs to which enclosure."""

    def __init__(
        self, folder: Path, host: PodcastHost, *, is_unique: bool, documents: bool = True
    ) -> None:
        self._host, self._unique = host, is_unique
        self._audio = [(name, (folder / "audio" / name).read_bytes()) for name in AUDIO]
        self.urls: list[str] = []
        host.table.fallback = self._media
        paths = sorted((folder / "feeds").glob("*.xml")) if documents else []
        for number, path in enumerate(paths):
            body = path.read_bytes()
            if b"<rss" not in body[:4096]:
                continue
            address = f"127.0.9.{number + 1}"
            place = f"/feeds/{path.name}"
            served = mapped(body, host, address)
            digest = hashlib.sha256(served).hexdigest()[:16]
            host.table.routes[place] = Route(
                body=served, content_type="application/rss+xml", etag=f'"{digest}"'
            )
            self.urls.append(host.url(place, address))

    def body_of(self, path: str) -> tuple[bytes, str]:
        """Return what is served at the path of an enclosure, and its type."""
        name, body = self._audio[int(path[3:7], 16) % len(self._audio)]
        suffix = PurePosixPath(name).suffix
        return (unique(body, suffix, path) if self._unique else body), TYPES[suffix]

    def _media(self, request: Request) -> Route:
        if not request.path.startswith("/e/"):
            return Route(status=404)
        body, media_type = self.body_of(request.path)
        return Route(body=body, content_type=media_type)


def podfetch(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program on the archive at ``root``."""
    sets = {
        "archive.min_free": "0",
        "network.allow_private": "127.0.0.0/8",
        "engine.download_workers": "16",
    }
    options = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "podfetch_tui", "--archive", str(root), *options, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def summary(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return the closing line of a run."""
    said: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
    return said


def archive(root: Path, corpus: Corpus) -> Iterator[str]:
    """Archive everything once, and say what is not as promised."""
    listed = root.parent / "feeds.txt"
    listed.write_text("\n".join(corpus.urls))
    podfetch(root, "import", str(listed)).check_returncode()
    began = time.monotonic()
    said = summary(podfetch(root, "--once"))
    states = dict(ask(root, "SELECT state, count(*) FROM episode GROUP BY state"))
    families = dict(ask(root, "SELECT family, count(*) FROM episode GROUP BY family"))
    print(f"{len(corpus.urls)} feeds in {time.monotonic() - began:.0f} s: {states}")
    print(f"  polled {said['polled']}, polls failed {said['polls_failed']} {said['failures']}")
    print(f"  episodes by family of failure: { {k or 'none': v for k, v in families.items()} }")
    for url, state, error in ask(
        root,
        "SELECT enclosure_url, state, error FROM episode"
        " WHERE state NOT IN ('archived', 'skipped') LIMIT 9",
    ):
        print(f"  {state}: {url}: {error}")
    reasons = ask(
        root, "SELECT error, count(*) FROM episode WHERE state = 'skipped' GROUP BY error"
    )
    print(f"  skipped: {dict(reasons)}")
    (media,) = ask(root, "SELECT count(*) FROM media")[0]
    print(f"  files {media}, rows archived {states.get('archived', 0)}")
    wrong = Counter[str]()
    rows = ask(
        root,
        "SELECT enclosure_url, episode.path, hex(sha256) FROM episode JOIN media"
        " ON media.id = media_id WHERE state = 'archived'",
    )
    for url, _, digest in rows:
        body, _ = corpus.body_of("/" + url.split("/", 3)[3])
        wrong["bytes"] += hashlib.sha256(body).hexdigest().upper() != digest
    if wrong["bytes"]:
        yield f"{wrong['bytes']} rows have the bytes of another"
    if set(states) - {"archived", "skipped"}:
        yield f"not all that is wanted was archived: {states}"


def again(root: Path, host: PodcastHost, corpus: Corpus) -> Iterator[str]:
    """Poll everything once more: nothing may be fetched."""
    podfetch(root, "feeds", "check", "--all", "--yes")
    host.requests.clear()
    said = summary(podfetch(root, "--once"))
    polls = [one for one in host.requests if one.path.startswith("/feeds/")]
    kept = sum(one.status == 304 for one in polls)
    fetched = sum(one.path.startswith("/e/") for one in host.requests)
    print(f"second run: {len(polls)} polls, {kept} times 304, {fetched} media requests")
    print(f"  polled {said['polled']}, not modified {said['not_modified']}")
    if fetched or len(polls) != len(corpus.urls):
        yield f"the second run sent {len(polls)} polls and {fetched} media requests"
    done = podfetch(root, "verify", "--deep")
    print(f"verify --deep: {done.stdout.strip()}")
    if done.returncode:
        yield f"verify: {done.stdout.strip()}"


def corpus_folder() -> Path:
    """Return where the corpus is: ``PODFETCH_CORPUS``, else beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    found = Path(os.environ.get("PODFETCH_CORPUS") or beside)
    if not found.is_dir():
        sys.exit(f"there is no corpus at {found}: name its folder in PODFETCH_CORPUS")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    options.corpus = options.corpus or corpus_folder()
    broken: list[str] = []
    for is_unique in (True, False):
        print(f"== each body {'unique' if is_unique else 'as it is'}", flush=True)
        with tempfile.TemporaryDirectory() as folder, PodcastHost() as host:
            os.environ["PODFETCH_STATE_DIR"] = str(Path(folder) / "state")
            corpus = Corpus(options.corpus, host, is_unique=is_unique)
            root = Path(folder) / "archive"
            broken += archive(root, corpus)
            if is_unique:
                broken += again(root, host, corpus)
    for text in broken:
        print(f"BROKEN: {text}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
