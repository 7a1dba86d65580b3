"""Files whose length was never declared: their host is asked once more, half a day later.

A transfer that ends without a declared length may have been cut off without anybody knowing.
"""

from __future__ import annotations

import threading

from podfetch_tui.catalog.derivatives import original_of
from podfetch_tui.media.judge import judge_length
from podfetch_tui.model.derivatives import Rejudge
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.pipeline.services import Services


def ask_again(job: EpisodeJob, services: Services, stop: threading.Event) -> str:
    """Ask the host how long the file is, write down what follows, and say it in a few words.

    No byte of the body is read.

    Raises:
        Failure: It did not answer as it should, or the catalogue refused.
    """
    original = original_of(services.catalog, job.episode.id)
    if original is None:
        return ""
    url, access = job.episode.enclosure_url, job.feed.access
    with services.http.open_media(url, access=access, stop=stop) as stream:
        declared = stream.total
    found = judge_length(original.size, declared, original.duration_s)
    if found is None:
        return "its length is still not known"
    services.commit(
        Rejudge(episode_id=job.episode.id, validity=found.validity, problem=found.problem)
    )
    return found.problem or "its length is what the host declares"
