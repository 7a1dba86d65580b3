"""What an answer that brings no body means: its status, and the marks of those who refuse robots.

A bare 403 says nothing about its cause, and it has three that differ in what to do: no right
to the feed, our User-Agent on a list, or a protection service that wants a browser. The last
two are told apart here by what they leave in header and page, and by what the host answers to a
request that bears no name; facts only, nothing is asked from here.
"""

from __future__ import annotations

import re

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.net.decode import decode_head
from podfetch_tui.net.exchange import Answer
from podfetch_tui.net.headers import Fields, retry_after

EVIDENCE = 2048
ABOUT_AGENTS = frozenset((403, 406, 415))
"""Statuses by which hosts refuse a User-Agent."""
NAMELESS = "Mozilla/5.0 (compatible)"
"""A User-Agent that is nobody's: who answers it, but not us, has something against our name."""

_CHALLENGES = frozenset((*ABOUT_AGENTS, 405, 429, 503))
_FIELDS = (("cf-mitigated", "Cloudflare"), ("x-amzn-waf-action", "AWS WAF"))
_PAGES = (
    (
        re.compile(r"cf[-_]chl|challenge-platform|/cdn-cgi/challenge|just a moment", re.I),
        "Cloudflare",
    ),
    (
        re.compile(r"attention required! \| cloudflare|error code: 10(0[6-9]|1[0-5]|20)\b", re.I),
        "Cloudflare",
    ),
    (re.compile(r"incapsula incident|_incapsula_resource", re.I), "Imperva"),
    (re.compile(r"sucuri website firewall", re.I), "Sucuri"),
    (re.compile(r"captcha-delivery\.com|px-captcha|ddos-guard", re.I), "a protection service"),
)
_ROBOTS = re.compile(
    r"user[- ]?agent|\b(bots?|robots?|crawlers?|scrapers?)\b(?!\.txt)"
    r"|automated (access|quer|request)",
    re.I,
)


def status_failure(answer: Answer, *, now_ms: int, shown: str = "") -> Failure:
    """Return the failure that ``answer``, neither 2xx nor 304, is; its body is read or dropped.

    Args:
        answer: Its body unread.
        now_ms: The wall time, for a ``Retry-After`` date.
        shown: Which credentials the host was shown, in words; empty for none.
    """
    said = f"the host answered {answer.status} {answer.reason}".rstrip()
    evidence = decode_head(answer.drain(), EVIDENCE)
    wait = retry_after(answer.fields.get("retry-after"), now_ms=now_ms)
    kind, why = _cause(answer.status, answer.fields, evidence, waits=wait is not None)
    if answer.status == 401:
        why = f"it does not take {shown}" if shown else "it wants credentials, and got none"
    return Failure(
        kind,
        f"{said}: {why}" if why else said,
        status=answer.status,
        retry_after=wait,
        evidence=evidence,
    )


def told_apart(failure: Failure, status: int) -> Failure:
    """Return the failure that a bare refusal is, now that a nameless request got ``status``."""
    return Failure(
        Kind.AGENT_REFUSED if status == 200 else failure.kind,
        f"{failure.detail}, and {status} to another User-Agent",
        status=failure.status,
        retry_after=failure.retry_after,
        evidence=failure.evidence,
    )


def _cause(status: int, fields: Fields, page: bytes, *, waits: bool) -> tuple[Kind, str]:
    text = page.decode("utf-8", "replace")
    service = _challenger(fields, text) if status in _CHALLENGES and not waits else ""
    if service:
        return Kind.CHALLENGE, f"{service} wants to see a browser"
    if status in ABOUT_AGENTS and _ROBOTS.search(text):
        return Kind.AGENT_REFUSED, "its page speaks of robots or the User-Agent"
    return Kind.HTTP_STATUS, ""


def _challenger(fields: Fields, page: str) -> str:
    for name, service in _FIELDS:
        if fields.get(name, "").strip().lower() in ("challenge", "captcha"):
            return service
    return next((service for pattern, service in _PAGES if pattern.search(page)), "")
