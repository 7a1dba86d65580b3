"""Real subscription lists through the command: what is accepted, what is rejected, and why."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from support.corpus import corpus_files, requires_corpus
from support.program import json_lines, podfetch

from podfetch_tui.policy.urls import normalise_url

NO_URL = "there is no xmlUrl, and no outline in it"
EXPECTED: dict[str, tuple[int, int, dict[str, int]]] = {
    # document: accepted, duplicate, rejected by reason
    "EngineeringKiosk-podcasts.opml": (111, 1, {}),
    "Podcastindex-org-newsfeeds.csv": (700, 0, {}),
    "alatiera-export_test.opml": (6, 0, {}),
    "danjac-feeds_with_invalid.opml": (10, 0, {"not a URL": 1}),
    "danjac-sample-feeds.opml": (1481, 0, {}),
    "janw-opml_pocketcasts_valid.opml": (1, 0, {NO_URL: 2}),
    "macieklamberski-subscriptions.opml": (13, 0, {}),
    "yuvaldrori-podcasts_exported_final.opml": (38, 0, {}),
}
NO_LISTS = {
    # These are OPML, but outlines and links: no feed is in them.
    "macieklamberski-countries.opml": 19,
    "macieklamberski-directory.opml": 16,
    "macieklamberski-places.opml": 19,
    "macieklamberski-script.opml": 19,
    "rometools-opml_1.0_links.opml": 17,
}
DOCUMENTS = [path for path in corpus_files("opml/*") if path.suffix in (".opml", ".csv")]


def say(line: str) -> None:
    """Write a line of the table that ``pytest -s`` shows."""
    sys.stdout.write(f"{line}\n")


@requires_corpus
def test_every_list_of_the_corpus_is_expected() -> None:
    assert {path.name for path in DOCUMENTS} == EXPECTED.keys() | NO_LISTS.keys()


@requires_corpus
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_real_list_goes_in_with_a_reason_for_every_line_that_does_not(
    path: Path, tmp_path: Path
) -> None:
    archive = str(tmp_path / "archive")
    started = time.perf_counter()
    done = podfetch("--archive", archive, "import", "--json", str(path))
    took = time.perf_counter() - started
    if path.name in NO_LISTS:
        line = NO_LISTS[path.name]
        message = f"podfetch: {path}: line {line}: there is no URL in this list\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
        say(f"{path.name:44} no feed in it (line {line}) {took:6.2f} s")
        return
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    reasons = Counter(reject["reason"] for reject in found["rejects"])
    say(f"{path.name:44} {found['new']:5} accepted, {dict(reasons)} {took:6.2f} s")
    assert (found["new"], found["duplicate"], dict(reasons)) == EXPECTED[path.name]
    rows = json_lines("--archive", archive, "feeds", "list", "--json")
    assert len(rows) == found["new"]
    assert all(row["title"] for row in rows[:1000] if path.suffix == ".opml")


@requires_corpus
def test_titles_and_urls_are_those_of_the_expectation(tmp_path: Path) -> None:
    (path,) = corpus_files("opml/macieklamberski-subscriptions.opml")
    outlines = json.loads(path.with_name(f"{path.name}.expect.json").read_text())["body"][
        "outlines"
    ]
    archive = str(tmp_path / "archive")
    podfetch("--archive", archive, "import", str(path))
    rows = json_lines("--archive", archive, "feeds", "list", "--json")
    assert [(row["title"], row["url"]) for row in rows] == [
        (outline["title"], normalise_url(outline["xmlUrl"])) for outline in outlines
    ]
