"""Which decisions of an operator fit which states."""

from __future__ import annotations

from podfetch_tui.model.decisions import EpisodeDecision, FeedDecision
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.feed import FeedState

_FEEDS: dict[FeedDecision, dict[FeedState, str]] = {
    FeedDecision.PAUSE: {
        FeedState.PAUSED: "is paused already",
        FeedState.QUARANTINED: "is in quarantine and hardly polled: retire it instead",
        FeedState.GONE: "is gone and not polled",
        FeedState.RETIRED: "is retired and not polled",
    },
    FeedDecision.RESUME: {
        FeedState.ACTIVE: "is active already",
        FeedState.QUARANTINED: "is in quarantine: podfetch quarantine release lets it out",
    },
    FeedDecision.RETIRE: {FeedState.RETIRED: "is retired already"},
    FeedDecision.RELEASE: {
        FeedState.ACTIVE: "is active already",
        FeedState.PAUSED: "is paused: resume it",
        FeedState.GONE: "is gone: resume it if it is back",
        FeedState.RETIRED: "is retired: resume it if it is wanted again",
    },
    FeedDecision.SNOOZE: {
        FeedState.ACTIVE: "is active: only what is in quarantine can be snoozed",
        FeedState.PAUSED: "is paused and not polled",
        FeedState.GONE: "is gone and not polled",
        FeedState.RETIRED: "is retired and not polled",
    },
    FeedDecision.QUARANTINE: {
        FeedState.PAUSED: "is paused and not polled",
        FeedState.QUARANTINED: "is in quarantine already",
        FeedState.GONE: "is gone and not polled",
        FeedState.RETIRED: "is retired and not polled",
    },
}
_BUSY = "is being stored: try again when it is archived"
_EPISODES: dict[EpisodeDecision, dict[EpisodeState, str]] = {
    EpisodeDecision.SKIP: {
        EpisodeState.SEALED: _BUSY,
        EpisodeState.ARCHIVED: "is archived: delete it instead",
        EpisodeState.SKIPPED: "is skipped already",
        EpisodeState.DELETED: "is deleted and never fetched",
    },
    EpisodeDecision.RETRY: {
        EpisodeState.CLAIMED: "is being fetched",
        EpisodeState.SEALED: _BUSY,
        EpisodeState.ARCHIVED: "is archived",
        EpisodeState.DELETED: "was deleted: --undelete fetches it again",
    },
    EpisodeDecision.DELETE: {
        EpisodeState.SEALED: _BUSY,
        EpisodeState.DELETED: "is deleted already",
    },
}


def feed_refusal(decision: FeedDecision, state: FeedState, merged_into: int | None = None) -> str:
    """Return why ``decision`` is not carried out for a feed in ``state``; empty when it is."""
    if decision is FeedDecision.RESUME and state is FeedState.GONE and merged_into:
        return f"is at the URL of feed {merged_into}, which is polled in its place"
    return _FEEDS[decision].get(state, "")


def changed_meanwhile(state: FeedState, reason: str, since: str) -> str:
    """Return the refusal of what was meant for a feed as it was before.

    Args:
        state: Where it stands now.
        reason: Why.
        since: Since when, as it is shown.
    """
    words = f" ({reason})" if reason else ""
    return f"changed meanwhile: it is {state.value}{words} since {since}"


def episode_changed(seen: str, state: EpisodeState) -> str:
    """Return the refusal of what was meant for an episode as it was ``seen``; empty if it is."""
    return f"changed meanwhile: it is {state.value}" if seen and seen != state.value else ""


def episode_refusal(
    decision: EpisodeDecision,
    state: EpisodeState,
    *,
    undelete: bool = False,
    lets_part_go: bool = False,
) -> str:
    """Return why ``decision`` is not carried out for an episode in ``state``; empty when it is.

    Args:
        decision: What is to become of it.
        state: Where it stands.
        undelete: A retry fetches deleted ones again, too.
        lets_part_go: What came of its cancelled download is kept, and a skip drops it.
    """
    if undelete and decision is EpisodeDecision.RETRY and state is EpisodeState.DELETED:
        return ""
    if lets_part_go and decision is EpisodeDecision.SKIP and state is EpisodeState.SKIPPED:
        return ""
    return _EPISODES[decision].get(state, "")
