from __future__ import annotations

import pytest

from podfetch_tui.model import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 900),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5 hours", 5400),
        ("7d", 604800),
        ("2w", 1209600),
        ("250ms", 0.25),
        ("0", 0),
        ("10 MIN", 600),
    ],
)
def test_a_duration_is_read_with_its_unit(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "10", "1.5", "5x", "30m1h", "1m1m", "-5s", "0.5ms", "1h30", "١٠s", "9" * 99 + "s"]
)
def test_a_duration_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("20 GiB", 20 * 1024**3),
        ("20gib", 20 * 1024**3),
        ("20 GB", 20 * 1000**3),
        ("1.5 KiB", 1536),
        ("10 KB", 10_000),
        ("7 B", 7),
        ("0", 0),
    ],
)
def test_a_size_tells_1024_from_1000(text: str, count: int) -> None:
    assert units.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "17", "5 GIGA", "5 gb", "5 Gb", "-1 B", "1 B/s", "1e9 B"])
def test_a_size_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        units.parse_size(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("80 MB/s", 80_000_000), ("1 KiB/s", 1024), ("100 Mbit/s", 12_500_000), ("0", 0)],
)
def test_a_rate_is_read_in_bytes_or_bits(text: str, rate: int) -> None:
    assert units.parse_rate(text) == rate


@pytest.mark.parametrize("text", ["80 MB", "80 Mb/s", "80 Mbps", "80", "/s", "80 MB/h"])
def test_a_rate_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a rate"):
        units.parse_rate(text)


def test_percentages_flags_and_whole_numbers() -> None:
    assert units.parse_percent("85 %") == units.parse_percent("85") == 85.0
    assert units.parse_percent("2.5%") == 2.5
    assert [units.parse_flag(word) for word in ("yes", "TRUE", "on", "1")] == [True] * 4
    assert [units.parse_flag(word) for word in ("no", "False", "off", "0")] == [False] * 4
    assert units.parse_integer(" -7 ") == -7


@pytest.mark.parametrize("text", ["many", "", "1_000", "1.0", "٣", "9" * 30])
def test_a_whole_number_is_ascii_digits(text: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        units.parse_integer(text)


@pytest.mark.parametrize("text", ["maybe", "", "2"])
def test_a_flag_is_one_of_eight_words(text: str) -> None:
    with pytest.raises(ValueError, match="yes or no"):
        units.parse_flag(text)


@pytest.mark.parametrize("text", ["x", "-1 %", "85 percent", "nan"])
def test_a_percentage_is_a_plain_number(text: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        units.parse_percent(text)


def test_values_are_written_in_the_unit_people_would_choose() -> None:
    assert units.format_duration(5400) == "1h30m"
    assert units.format_duration(0) == "0s"
    assert units.format_size(20 * 1024**3) == "20 GiB"
    assert units.format_size(80_000_000) == "80 MB"
    assert units.format_rate(1024) == "1 KiB/s"
    assert units.format_rate(0) == "0"
    assert units.format_percent(5.0) == "5 %"
