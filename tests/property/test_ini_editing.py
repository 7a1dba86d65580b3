"""Changing one key of an INI changes nothing else in it, whatever else is in it."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from podfetch_tui.config.editing import set_values, shown_diff
from podfetch_tui.config.ini import load
from podfetch_tui.config.scanner import scan

KEYS = {"engine.per_host": "3", "archive.min_free": "7 GiB", "network.bandwidth": "80 MB/s"}

comments = st.builds(
    lambda sign, text: sign + text,
    st.sampled_from("#;"),
    st.text(st.sampled_from('ab=: \t,"[]#;%\\\u2028\x85ß\x0b'), max_size=12),
)
blanks = st.sampled_from(["", " ", "\t", "   "])
values = {
    "engine": ["per_host = 2", "PER_HOST:2", "per_host=2", "poll_workers = 4", "#per_host = 9"],
    "archive": ["min_free = 1 GiB", "min_free=0", "sidecar = no", "; min_free = 2 GiB"],
    "network": [
        "bandwidth =   1 MB/s",
        "contact = me#here",
        "no_proxy =\n  a.example\n  b.example",
    ],
}


@st.composite
def inis(draw: st.DrawFn) -> str:
    """An INI of our keys with comments, blanks and line ends of any kind."""
    lines: list[str] = []
    for section in draw(st.permutations(list(values)))[: draw(st.integers(0, 3))]:
        lines += draw(st.lists(comments | blanks, max_size=2))
        lines.append(draw(st.sampled_from(["[{}]", "[ {} ]", "[{}] # here"])).format(section))
        indent = draw(st.sampled_from(["", "  "]))
        chosen = draw(st.lists(st.sampled_from(values[section]), max_size=4))
        taken: set[str] = set()
        for text in chosen:
            name = text.strip("# ;").split("=")[0].split(":")[0].strip().lower()
            if text[0] not in "#;" and name in taken:
                continue
            taken.add(name if text[0] not in "#;" else "")
            comment = draw(st.just("") | comments.map(lambda c: f"  {c}"))
            first, *further = text.split("\n")
            lines.append(f"{indent}{first}{comment}")
            lines += [f"{indent}{line}" for line in further]
            lines += draw(st.lists(comments | blanks, max_size=2))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = ending.join(line.replace("\n", ending) for line in lines)
    return draw(st.sampled_from(["", "\ufeff"])) + text + draw(st.sampled_from(["", ending]))


@given(inis(), st.sampled_from(sorted(KEYS)))
@example("[engine]\n#per_host = 2\n  poll_workers = 4\n", "engine.per_host")
@example("[engine]\n  [network]\n", "engine.per_host")
@example("[network]\nbandwidth =# c", "network.bandwidth")
@example("[network]\nbandwidth = # c", "network.bandwidth")
def test_one_key_is_changed_and_every_other_byte_stays(text: str, key: str) -> None:
    before = load(text)
    changed = set_values(text, {key: KEYS[key]})
    after = load(changed)
    assert after.in_file == {**before.in_file, key: KEYS[key]}
    assert len(after.problems) <= len(before.problems)
    old, new = scan(text), scan(changed)
    assert old.bom == new.bom
    others = [line.text for line in new.lines]
    for line in old.lines:
        if line.text in others:
            others.remove(line.text)
        else:  # only the line of the key itself is another
            assert key.partition(".")[2] in line.text.lower()
    assert len(others) <= 3
    assert set_values(changed, {key: KEYS[key]}) == changed


@given(inis())
def test_comments_and_line_ends_stay(text: str) -> None:
    changed = set_values(text, KEYS)
    endings = {line.ending for line in scan(text).lines if line.ending} or {"\n"}
    assert {line.ending for line in scan(changed).lines} <= {*endings, ""}
    for line in scan(text).lines:
        if line.text.strip()[:1] in ("#", ";"):
            assert line.text in {found.text for found in scan(changed).lines}
    for entry in scan(text).entries:
        if entry.comment:
            assert entry.comment in changed


def test_a_value_of_several_lines_leaves_its_comments() -> None:
    text = (
        "[network]\nno_proxy = a.example  # first\n  # between\n  b.example ; second\n\nproxy =\n"
    )
    changed = set_values(text, {"network.no_proxy": "c.example"})
    assert changed == (
        "[network]\nno_proxy = c.example  # first\n  # between\n  ; second\n\nproxy =\n"
    )


def test_a_key_goes_below_its_line_in_the_example() -> None:
    text = "[engine]\n# How many.\n#per_host = 2\n\n# More.\n#poll_workers = 32\n[feeds]\n"
    changed = set_values(text, {"engine.per_host": "4", "retry.attempts": "2"})
    assert changed == (
        "[engine]\n# How many.\n#per_host = 2\nper_host = 4\n\n# More.\n#poll_workers = 32\n"
        "[feeds]\n\n[retry]\nattempts = 2\n"
    )


def test_a_difference_shows_no_secret() -> None:
    text = "[network]\nproxy = http://me:hunter2@proxy.example:3128\nbandwidth = 0\n"
    changed = set_values(text, {"network.bandwidth": "1 MB/s"})
    shown = shown_diff(text, changed, "podfetch.ini")
    assert "hunter2" not in shown
    assert "-bandwidth = 0\n+bandwidth = 1 MB/s" in shown
