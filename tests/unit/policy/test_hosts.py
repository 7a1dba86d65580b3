"""However the name of a host is spelled, it is one host."""

from __future__ import annotations

import pytest

from podfetch_tui.policy.hosts import host_of


@pytest.mark.parametrize(
    "url",
    [
        "http://xn--bcher-kva.example/1.mp3",
        "http://bücher.example/1.mp3",
        "http://BÜCHER.example/1.mp3",
        "http://bu\u0308cher.example./1.mp3",
        "http://user:password@bücher.example:80/1.mp3",
        "https://bücher.example:443/1.mp3",
    ],
)
def test_a_name_in_another_script_is_the_host_that_is_asked(url: str) -> None:
    assert host_of(url) == "xn--bcher-kva.example"


@pytest.mark.parametrize("url", ["http://a..é.example/", f"http://{'é' * 300}.example/", "http://"])
def test_what_is_no_name_is_no_reason_to_fail(url: str) -> None:
    host_of(url)
