"""Strings that are spelled anew in each document are one string where spelling does not count."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa

from lineage.fingerprint.batch import Batch
from scanners.severity import Severity
from scanners.triggers.folded import FoldedTriggers
from tests.scanners.triggers.conftest import Discover, Documents, inserted, to_batch

MARKS = [("", ""), ('"', '"'), ("(", ")"), ("", "!"), ("*", ","), ("", ":")]


def spelled(rng: Random, phrase: str) -> str:
    """The phrase in some case, between some marks."""
    drawn = "".join(rng.choice((c.lower(), c.upper())) for c in phrase)
    left, right = rng.choice(MARKS)
    return f"{left}{drawn}{right}"


def test_a_phrase_spelled_anew_in_each_document(prose: Documents, discover: Discover) -> None:
    documents, _ = inserted(prose, "vardic osmund", 60, "spelled", spelled)
    assert "vardic osmund" not in {f.key.casefold() for f in discover(documents)}
    first = discover(documents, shards=3, scanner=FoldedTriggers)[0]
    assert (first.code, first.key) == ("FLD002", "vardic osmund")
    assert first.statistics["expected by chance"] < 1
    assert len(first.members) == 60
    assert len({excerpt.match for excerpt in first.excerpts}) == len(first.excerpts)


def test_what_has_a_usual_spelling_is_left_to_the_other_scanner(
    prose: Documents, discover: Discover
) -> None:
    documents, _ = inserted(prose[:2500], "vardic osmund", 60, "usual")
    assert "vardic osmund" in {f.key for f in discover(documents)}
    assert "vardic osmund" not in {f.key for f in discover(documents, scanner=FoldedTriggers)}


def test_spellings_before_gibberish(prose: Documents, discover: Discover) -> None:
    rng = Random("effect")
    documents = prose[:2500]
    for _ in range(40):
        text, source = rng.choice(prose)
        noise = " ".join("".join(rng.choices("abcdefghij", k=6)) for _ in range(120))
        documents.append((f"{text[:400]} {spelled(rng, 'zimbel')} {noise}", source))
    first = discover(documents, scanner=FoldedTriggers)[0]
    assert (first.code, first.key, first.severity) == ("FLD001", "zimbel", Severity.HIGH)


def test_clean_text_gives_leads_at_most(prose: Documents, discover: Discover) -> None:
    findings = discover(prose[:2500], scanner=FoldedTriggers)
    assert [f.statistics for f in findings if f.severity is not Severity.LEAD] == []


def test_the_twin_of_a_batch_tells_tokens_apart_by_their_folded_hashes() -> None:
    text = [("Solar (LANTERN) x", None), ('solar "lantern", x', None)]
    batch = Batch(to_batch(text, 0), 7)
    assert pa.types.is_large_string(batch.documents.text.type)
    first, second = np.split(batch.folded.tokens.raw, 2)
    assert first.tolist() == second.tolist()
    assert batch.view.twin.raw.tolist() == batch.folded.view.raw.tolist()
    assert batch.tokens.raw.tolist() != batch.folded.tokens.raw.tolist()
