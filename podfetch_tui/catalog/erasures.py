"""Reading what operators' decisions left to be done, and what they would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import bindparam, func, literal_column, select

from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.path_keys import path_key
from podfetch_tui.catalog.schema import episode
from podfetch_tui.catalog.schema_audit import derivative, erasure
from podfetch_tui.catalog.statements import Answer, Statement
from podfetch_tui.model.episode import EpisodeState

_PAGE = 500
_IDS = select(func.json_each(bindparam("ids")).table_valued("value").c.value)

_WAITING = Answer(
    lambda: (
        select(erasure.c.path)
        .where(erasure.c.path > bindparam("after"))
        .order_by(erasure.c.path)
        .limit(_PAGE)
    ),
    tuple[str],
)
_OWNER = Statement(
    lambda: (
        select(episode.c.state)
        .where(episode.c.path_key == bindparam("key"))
        .union_all(
            # What is made of an archived file is published as that is.
            select(literal_column("'archived'")).where(
                select(derivative.c.kind).where(derivative.c.path_key == bindparam("key")).exists()
            )
        )
    )
)
_EPISODE_STATES = Answer(
    lambda: select(episode.c.id, episode.c.state).where(episode.c.id.in_(_IDS)),
    tuple[int, EpisodeState],
)


def erasures(catalog: Catalog) -> Iterator[str]:
    """Yield the paths, below the root, of files that are still to be removed.

    Raises:
        Failure: The catalogue could not be read.
    """
    after = ""
    while True:
        with catalog.reader().cursor() as cursor:
            page = _WAITING.rows(cursor, after=after)
        for (path,) in page:
            yield path
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def owner_of(catalog: Catalog, path: str) -> EpisodeState | None:
    """Return the state of the episode that has ``path`` for its own, if there is one.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        found = _OWNER.first(cursor, key=path_key(path))
    return None if found is None else EpisodeState(found[0])


def episode_states(catalog: Catalog, episode_ids: Iterable[int]) -> list[tuple[int, EpisodeState]]:
    """Return id and state of each that is known.

    Raises:
        Failure: The catalogue could not be read.
    """
    with catalog.reader().cursor() as cursor:
        return _EPISODE_STATES.rows(cursor, ids=msgspec.json.encode(list(episode_ids)).decode())
