"""Nothing of a corpus reaches a person's eyes unescaped."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretaste.report.safe import MOST_MARKS, safe

ANY = st.text(st.characters())
"""All code points, surrogates included."""
HOSTILE = st.text(
    st.sampled_from("a \n\t\x1b\x00\x7f\x9b\u202e\u2066\u200b\ufeff\u00ad\u0301\u034f\u3164\ufe0f")
    | st.sampled_from("\ud800\ue000\U000e0041\U0010ffff\u0378\u2028\u00a0\u2800\\{}u")
)


@given(ANY | HOSTILE)
def test_only_visible_characters_are_left(text: str) -> None:
    shown = safe(text)
    assert shown.isprintable()
    for character in shown:
        kind = unicodedata.category(character)
        assert character == " " or kind[0] in "LMNPS", character
    shown.encode("utf-8")


@given(ANY | HOSTILE)
def test_making_safe_twice_is_making_safe_once(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(ANY | HOSTILE)
def test_marks_do_not_pile_up(text: str) -> None:
    marks = MOST_MARKS
    for character in safe(text):
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        assert marks <= MOST_MARKS


@given(ANY | HOSTILE, st.integers(0, 50))
def test_length_is_bounded_and_no_code_point_is_cut(text: str, most: int) -> None:
    shown = safe(text, most)
    assert len(shown) <= most + len("...")
    if len(safe(text)) <= most and len(text) <= most:
        assert shown == safe(text)


@given(st.text("abc \u00e9\u4e2d\u0434\u05d0\U0001f600<[/]>:", max_size=20))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\u{1B}[31mb"),
        ("a\u202eb", "a\\u{202E}b"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\U000e0041", "\\u{E0041}"),
        ("\ud800", "\\u{D800}"),
        ("\ue000", "\\u{E000}"),
        ("\u3164", "\\u{3164}"),
        ("\u0301a\u0301", "\\u{301}a\u0301"),
        ("\u00a0", "\\u{A0}"),
        ("\r", "\\u{D}"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_cut_never_ends_inside_a_code_point() -> None:
    assert safe("ab\u202ec", 5) == "ab..."
    assert safe("ab\u202ec", 11) == "ab\\u{202E}c"
