"""``podfetch episodes skip|retry|delete``: what becomes of episodes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from podfetch_tui.catalog import pages
from podfetch_tui.catalog.episodes import parts_of
from podfetch_tui.catalog.erasures import episode_states
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.cli import archive as archives
from podfetch_tui.cli.choose import are_names, choose_episodes
from podfetch_tui.cli.context import load_settings
from podfetch_tui.cli.decide import HowAsked, confirm, decision_options, in_parts, report
from podfetch_tui.model import figures
from podfetch_tui.model.decisions import Decided, DecideEpisodes, EpisodeDecision
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.settings import Settings
from podfetch_tui.pipeline.erasures import finish_erasures
from podfetch_tui.policy.decisions import episode_refusal
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.publish import is_present

_DONE = {
    EpisodeDecision.SKIP: "skipped",
    EpisodeDecision.RETRY: "due",
    EpisodeDecision.DELETE: "deleted",
}

_which = click.argument("episodes", nargs=-1, required=True, metavar="EPISODE…")


@click.command("skip")
@_which
@decision_options
@click.pass_context
def skip_command(ctx: click.Context, /, *, episodes: tuple[str, ...], **options: Any) -> None:
    """Do not fetch episodes; by id, URL or filter. A retry takes them back."""
    settings = load_settings(ctx.obj).settings
    ctx.exit(_decide(settings, episodes, EpisodeDecision.SKIP, HowAsked(**options)))


@click.command("retry")
@_which
@click.option("--undelete", is_flag=True, help="Fetch deleted ones again, too.")
@decision_options
@click.pass_context
def retry_command(
    ctx: click.Context, /, *, episodes: tuple[str, ...], undelete: bool, **options: Any
) -> None:
    """Make episodes due now; by id, URL or filter.

    Failed, skipped, gone and missing ones, archived ones whose file is not there any more,
    and with --undelete deleted ones.
    """
    settings = load_settings(ctx.obj).settings
    how = HowAsked(**options)
    ctx.exit(_decide(settings, episodes, EpisodeDecision.RETRY, how, undelete=undelete))


@click.command("delete")
@_which
@decision_options
@click.pass_context
def delete_command(ctx: click.Context, /, *, episodes: tuple[str, ...], **options: Any) -> None:
    """Delete episodes and their files for good; by id, URL or filter.

    What is deleted is remembered and never fetched again (but see retry --undelete). Bytes
    that another episode shares stay for it.
    """
    settings = load_settings(ctx.obj).settings
    ctx.exit(_decide(settings, episodes, EpisodeDecision.DELETE, HowAsked(**options)))


def _decide(
    settings: Settings,
    names: tuple[str, ...],
    decision: EpisodeDecision,
    how: HowAsked,
    *,
    undelete: bool = False,
) -> int:
    with archives.reading(settings) as (layout, catalog):
        ids = choose_episodes(catalog, names)
        retries = decision is EpisodeDecision.RETRY
        lost = set(_lost(layout, catalog, ids)) if retries else set()
        planned = [
            _plan(catalog, part, decision, lost, undelete=undelete) for part in in_parts(ids)
        ]
        size = _size(catalog, ids) if decision is EpisodeDecision.DELETE else 0
    if not how.dry_run:
        noun = f"episodes with {figures.size(size)} of files" if size else "episodes"
        confirm(len(ids), decision.value, noun, yes=how.yes)
        write = DecideEpisodes(
            episode_ids=ids, decision=decision, reason=how.reason, undelete=undelete, at=0
        )
        planned = list(_write(settings, write, lost))
    how = msgspec.structs.replace(how, named=are_names(names))
    return report(planned, "episode", _DONE[decision], how=how)


def _plan(
    catalog: Catalog,
    ids: tuple[int, ...],
    decision: EpisodeDecision,
    lost: set[int],
    *,
    undelete: bool,
) -> Decided:
    """Return what the receipt would be."""
    parts = parts_of(catalog, ids)
    whys = [
        (
            number,
            ""
            if number in lost
            else episode_refusal(decision, state, undelete=undelete, lets_part_go=number in parts),
        )
        for number, state in episode_states(catalog, ids)
    ]
    done = tuple(number for number, why in whys if not why)
    return Decided(done, tuple((number, why) for number, why in whys if why))


def _write(settings: Settings, write: DecideEpisodes, lost: set[int]) -> Iterator[Decided]:
    """Write the decision down, and remove the files of what is deleted."""
    with archives.deciding(settings, create=False) as archive:
        writer = archive.writer
        finish_erasures(archive.layout, archive.catalog, writer, archive.clock)
        for part in in_parts(write.episode_ids):
            now = archive.clock.now_ms()
            receipt = writer.submit(
                DecideEpisodes(
                    episode_ids=part,
                    decision=write.decision,
                    reason=write.reason,
                    undelete=write.undelete,
                    lost=tuple(lost.intersection(part)),
                    at=now,
                )
            ).result()
            finish_erasures(archive.layout, archive.catalog, writer, archive.clock)
            if isinstance(receipt, Decided):
                yield receipt


def _lost(layout: Layout, catalog: Catalog, ids: tuple[int, ...]) -> Iterator[int]:
    """Yield the archived episodes whose file is not on the disk."""
    for row in pages.rows_of(catalog, "episodes", ids):
        path, size = row["path"], row["bytes"]
        if row["state"] != EpisodeState.ARCHIVED.value or not isinstance(path, str):
            continue
        if not is_present(layout, path, int(str(size))) and not os.path.lexists(layout.media(path)):
            yield int(str(row["id"]))


def _size(catalog: Catalog, ids: tuple[int, ...]) -> int:
    """Return how large the files of archived episodes are."""
    return sum(
        int(str(row["bytes"] or 0))
        for row in pages.rows_of(catalog, "episodes", ids)
        if row["state"] == EpisodeState.ARCHIVED.value
    )
