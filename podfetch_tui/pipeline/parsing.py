"""From a feed's answer to its document, in children: the fast path, or the tolerant parser."""

from __future__ import annotations

import threading
from typing import NamedTuple

from podfetch_tui.feeds.scan import LARGEST_BODY
from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.sandboxed import ParseParams
from podfetch_tui.model.text import redact
from podfetch_tui.net.feed import FetchResult
from podfetch_tui.sandbox.pool import Sandbox


class Parsers(NamedTuple):
    """The children that parse: apart, so that no slow document holds up a plain one."""

    fast: Sandbox
    tolerant: Sandbox


def parse(
    answer: FetchResult,
    *,
    max_items: int,
    parsers: Parsers,
    stop: threading.Event,
) -> FeedDocument:
    """Return the document in a 200 answer.

    Args:
        answer: With its body.
        max_items: Items beyond this many are dropped.
        parsers: The children to ask.
        stop: Ends the wait for them.

    Raises:
        Failure: EMPTY_BODY, or why it cannot be read as a feed.
    """
    if not answer.body.strip():
        url = redact(answer.final_url)
        raise Failure(Kind.EMPTY_BODY, "the body is empty", status=200, url=url)
    base = answer.content_location or answer.final_url
    if len(answer.body) <= LARGEST_BODY:
        plain = ParseParams(url=base, max_items=max_items)
        scanned = parsers.fast.call("scan_feed", answer.body, plain, stop=stop)
        if scanned.document is not None:
            return scanned.document
    params = ParseParams(
        url=answer.final_url,
        content_type=answer.content_type,
        content_location=answer.content_location,
        max_items=max_items,
    )
    return parsers.tolerant.call("parse_feed", answer.body, params, stop=stop)
