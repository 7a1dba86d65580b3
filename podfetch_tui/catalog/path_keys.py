"""The short key under which the catalogue keeps names unique, and the search for a free one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from itertools import islice

from podfetch_tui.model.names import alternatives, unique_key

_KEY_BYTES = 16
_CHUNK = 16


def path_key(path: str) -> bytes:
    """Return the key of ``path``: equal for paths that clash on some file system."""
    folded = unique_key(path).encode(errors="surrogatepass")
    return hashlib.blake2b(folded, digest_size=_KEY_BYTES).digest()


def free_path(
    wanted: str,
    *,
    seed: int,
    taken: Callable[[Collection[bytes]], Collection[bytes]],
    after: bytes | None = None,
) -> tuple[str, bytes]:
    """Return the first name like ``wanted`` that nobody has, and its key.

    Args:
        wanted: The name to begin with.
        seed: Id of who wants it.
        taken: Returns those of some keys that are reserved.
        after: Key of a name that will not do, nor any before it (it is taken on the disk).
    """
    names = alternatives(wanted, seed)
    if after is not None and after in _first_keys(wanted, seed):
        while path_key(next(names)) != after:
            pass
    size = 1
    while True:
        keyed = {path_key(name): name for name in islice(names, size)}
        used = taken(keyed.keys())
        for key, name in keyed.items():
            if key not in used and key != after:
                return name, key
        size = _CHUNK


def is_like(path: str, wanted: str, *, seed: int) -> bool:
    """Say whether ``path`` is ``wanted`` or one of its first alternatives."""
    return path_key(path) in _first_keys(wanted, seed)


def _first_keys(wanted: str, seed: int) -> list[bytes]:
    return [path_key(name) for name in islice(alternatives(wanted, seed), _CHUNK)]
