"""``podfetch episodes derive``: make, or mend, what lies beside archived files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from podfetch_tui.catalog.erasures import episode_states
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import are_names, choose_episodes
from podfetch_tui.cli.context import load_settings
from podfetch_tui.cli.decide import HowAsked, confirm, decision_options, in_parts, report
from podfetch_tui.model.decisions import Decided
from podfetch_tui.model.derivatives import DeriveEpisodes
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.planned import kinds


@click.command("derive")
@click.argument("episodes", nargs=-1, required=True, metavar="EPISODE…")
@decision_options
@click.pass_context
def derive_command(ctx: click.Context, /, *, episodes: tuple[str, ...], **options: Any) -> None:
    """Make what the settings want beside archived files; by id, URL or filter.

    Files that are there byte for byte stay; those that are missing or damaged are made anew,
    without a download of the original. The engine does it, or the next run.
    """
    settings = load_settings(ctx.obj).settings
    how = HowAsked(**options, named=are_names(episodes))
    with archives.reading(settings) as (_, catalog):
        ids = choose_episodes(catalog, episodes)
        planned = [_plan(catalog, part) for part in in_parts(ids)]
    if not how.dry_run:
        confirm(len(ids), "derive files of", "episodes", yes=how.yes)
        planned = list(_write(settings, ids, how.reason))
    ctx.exit(report(planned, "episode", "due", how=how))


def _plan(catalog: Catalog, ids: tuple[int, ...]) -> Decided:
    states = episode_states(catalog, ids)
    archived = EpisodeState.ARCHIVED
    return Decided(
        tuple(number for number, state in states if state is archived),
        tuple((number, f"is {state.value}") for number, state in states if state is not archived),
    )


def _write(settings: Settings, ids: tuple[int, ...], reason: str) -> Iterator[Decided]:
    with archives.deciding(settings, create=False) as archive:
        for part in in_parts(ids):
            write = DeriveEpisodes(
                episode_ids=part, kinds=kinds(settings), reason=reason, at=archive.clock.now_ms()
            )
            receipt = archive.writer.submit(write).result()
            if isinstance(receipt, Decided):
                yield receipt
