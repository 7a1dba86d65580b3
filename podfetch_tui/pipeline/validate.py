"""What the received bytes are, and whether they are whole (step P4)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from podfetch_tui.catalog.episodes import item_of
from podfetch_tui.media import ffprobe
from podfetch_tui.media.budget import Budget, probe_budget
from podfetch_tui.media.judge import judge, named_by_content
from podfetch_tui.media.sniff import sniff_file
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.job import EpisodeJob
from podfetch_tui.model.media import MediaInfo, Sniffed, Validity
from podfetch_tui.model.sandboxed import ProbeMode, ProbeParams
from podfetch_tui.pipeline.services import Services
from podfetch_tui.sandbox import programs
from podfetch_tui.sandbox.run_program import run_program
from podfetch_tui.storage.parts import Part


@dataclass(frozen=True, slots=True)
class Checked:
    """What the bytes of a part are."""

    sniffed: Sniffed
    info: MediaInfo
    validity: Validity


def validate(
    job: EpisodeJob, part: Part, services: Services, stop: threading.Event, *, length_known: bool
) -> Checked:
    """Check a part that is complete.

    Raises:
        Failure: The bytes are certainly not media (``not_media``, ``empty_media``), or the
            prober of the settings is not installed (``no_program``).
    """
    url = job.episode.enclosure_url
    if part.size == 0:
        raise Failure(Kind.EMPTY_MEDIA, "the enclosure has no bytes", status=200, url=url)
    sniffed = sniff_file(part.path, urlsplit(url).path)
    if sniffed.is_refused:
        raise Failure(
            Kind.NOT_MEDIA,
            f"the enclosure is {sniffed.container or 'no media'}, not audio or video",
            status=200,
            url=url,
            evidence=part.head,
        )
    settings = job.settings.media
    is_checked = settings.validate != "off"
    info = declared_s = None
    if sniffed.is_media and is_checked:
        item = item_of(services.catalog, job.episode.id)
        declared_s = item.duration_s if item is not None else None
        info = _probe(part, sniffed, services, stop, mode=settings.validate, prober=settings.prober)
        sniffed = named_by_content(sniffed, info)
    verdict = judge(
        sniffed,
        info,
        size=part.size,
        declared_s=declared_s,
        length_known=length_known,
        checked=is_checked,
    )
    found = info or MediaInfo(container=sniffed.container)
    return Checked(
        sniffed, msgspec.structs.replace(found, problem=verdict.problem), verdict.validity
    )


def _ffprobe(params: ProbeParams, budget: Budget, stop: threading.Event) -> MediaInfo:
    program = programs.ffprobe()

    def run(argv: tuple[str, ...]) -> ffprobe.Output:
        done = run_program(
            argv,
            wall_s=budget.wall_s,
            cpu_s=budget.cpu_s,
            memory=_FFPROBE_MEMORY,
            stdout_cap=ffprobe.OUTPUT_CAP,
            stop=stop,
        )
        return ffprobe.Output(done.stdout, done.stderr, done.problem)

    return ffprobe.probe(program, params, run)


def _probe(
    part: Part,
    sniffed: Sniffed,
    services: Services,
    stop: threading.Event,
    *,
    mode: str,
    prober: str,
) -> MediaInfo:
    params = ProbeParams(path=str(part.path), container=sniffed.container, mode=_MODES[mode])
    budget = probe_budget(part.size, params.mode)
    try:
        if prober == "ffprobe":
            return _ffprobe(params, budget, stop)
        return services.sandbox.call(
            "probe_media", b"", params, wall_s=budget.wall_s, cpu_s=budget.cpu_s, stop=stop
        )
    except Failure as failure:
        if failure.kind is not Kind.PROBE_KILLED:
            raise
        # A file that kills its probe is kept, and said to be suspect.
        return MediaInfo(container=sniffed.container, problem=f"probe failed: {failure.detail}")


_FFPROBE_MEMORY = 1024**3
_MODES: dict[str, ProbeMode] = {"header": "header", "full": "full", "decode": "decode"}
