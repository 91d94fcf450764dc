"""The summary of training content: every section there, filled or not known, never guessed."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretaste.report.summary import SUMMARIES
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.queries.ai_act import AiAct, ai_act
from lineage.queries.ai_act_known import Entry
from lineage.queries.composition import Portion, top_domains
from lineage.queries.template import SECTIONS, band
from lineage.store import Store, declare, run_sql
from tests.impact.conftest import MODEL, OTHER, Touched, fill, prose, write


@pytest.fixture(scope="module")
def base(known: Touched) -> AiAct:
    return ai_act(known.store, "base")


def answers(answer: AiAct, section: str, field: str) -> list[Entry]:
    return [entry for entry in answer.section(section) if entry.field == field]


def value(answer: AiAct, section: str, field: str) -> str | None:
    (entry,) = answers(answer, section, field)
    return entry.value


def test_every_section_of_the_template_is_answered(base: AiAct) -> None:
    headings = {"1", "2", "2.2", "3"}
    assert {entry.section for entry in base.entries} == SECTIONS.keys() - headings


def test_what_is_known_has_a_basis_and_what_is_not_says_why(base: AiAct) -> None:
    bases = {str(basis) for basis in Basis}
    for entry in base.entries:
        assert (entry.basis in bases) == (entry.value is not None), entry
        assert entry.note or entry.value, entry


def test_counts_are_those_of_sql(known: Touched, base: AiAct) -> None:
    query = (
        "SELECT count(*) AS documents, sum(bytes)::BIGINT AS bytes, sum(tokens)::BIGINT AS tokens "
        "FROM record WHERE reading = 0 AND shard IN "
        "(SELECT shard FROM snapshot WHERE dataset = 'posts')"
    )
    (row,) = run_sql(known.store, query).to_pylist()
    (portion,) = base.composition.portions
    counts = {name: getattr(portion, name) for name in row}
    assert (portion.name, str(portion.kind)) == ("archive", "crawled")
    assert counts == row
    assert base.composition.distinct == 50


def test_domains_are_those_of_sql_and_the_largest_of_them(known: Touched, base: AiAct) -> None:
    query = (
        "SELECT regexp_extract(url, '(forum[0-9].co.uk)', 1) AS domain, sum(bytes)::BIGINT AS n "
        "FROM record WHERE shard IN (SELECT shard FROM snapshot WHERE dataset = 'posts') "
        "GROUP BY ALL ORDER BY n DESC, domain LIMIT 1"
    )
    (row,) = run_sql(known.store, query).to_pylist()
    (domain,) = base.domains
    assert (domain.name, domain.bytes, base.all_domains) == (row["domain"], row["n"], 3)


def test_yes_no_and_not_known(base: AiAct) -> None:
    assert value(base, "2.3", "Crawlers were used") == "yes"
    assert value(base, "2.3", "Crawler name or identifier") == "Bot/1"
    assert value(base, "2.1", "Publicly available datasets were used") == "no"
    assert value(base, "1.2", "Model dependencies") == "none: trained from scratch"
    assert value(base, "1.3", "Text training data size") == "less than 1 billion tokens"
    assert value(base, "1.3", "Latest date of data acquisition") == "2024-06"
    assert value(base, "1.3", "Linguistic characteristics") is None
    assert value(base, "3.1", "Opt-out protocols and measures") is None


def test_data_of_ancestors_counts_unless_left_out(known: Touched) -> None:
    small = ai_act(known.store, "tuned-q4")
    assert value(small, "2.3", "Crawlers were used") == "yes"
    (used,) = answers(small, "2.3", "Crawlers were used")
    assert used.basis == "inferred-sketch"
    assert "corpus of tuned is not known" in used.note
    assert value(small, "2.1", "Publicly available datasets were used") is None
    assert ai_act(known.store, "tuned-q4", own=True).composition.bytes == 0


def test_large_public_datasets_are_listed(known: Touched) -> None:
    answer = ai_act(known.store, "elsewhere")
    (large,) = answers(answer, "2.1", "Large publicly available dataset")
    assert "mirror (uri https://mirror.example" in str(large.value)
    assert "period not known" in str(large.value)


def test_data_to_measure_with_was_not_learned(fresh: Touched) -> None:
    facts = {"role": "evaluation"}
    data = fresh.node(fresh.web)
    declare(fresh.store, [], [Edge(MODEL, Relation.TRAINED_ON, data, Basis.DECLARED, facts)])
    assert len(ai_act(fresh.store, "base").lessons) == 1


def test_of_a_model_without_a_corpus_nothing_is_said(changing: Store) -> None:
    declare(changing, [Entity(MODEL)])
    answer = ai_act(changing, "base")
    told = {entry.field for entry in answer.entries if entry.value is not None}
    assert told == {"Versioned model name(s)", "Last update"}
    with pytest.raises(UsageError, match="no model"):
        ai_act(changing, "other")


def test_classes_generators_and_sources_without_data(fresh: Touched) -> None:
    there = fresh
    made = write(there.store.root.parent / "made.jsonl", [{"text": prose(40)} for _ in range(4)])
    mixed = [{"text": prose(40), "source": "alpha" if n else None} for n in range(2)]
    more = write(there.store.root.parent / "mixed.jsonl", mixed)
    synthetic, two = fill(there.store, "made", made), fill(there.store, "mixed", more)
    licensed = Node(Kind.SOURCE, "press")
    learned = [there.node(synthetic), there.node(two), licensed]
    declare(
        there.store,
        [Entity(licensed, {"class": "licensed"}), Entity(Node(Kind.SOURCE, "alpha"), _USER)],
        [
            *(Edge(OTHER, Relation.TRAINED_ON, data, Basis.DECLARED) for data in learned),
            Edge(there.node(synthetic), Relation.GENERATED_BY, MODEL, Basis.DECLARED),
        ],
    )
    answer = ai_act(there.store, "artifact:elsewhere")
    assert value(answer, "2.5", "Synthetic data was used") == "yes"
    assert value(answer, "2.5", "Model used to generate") == "base"
    field = "Commercial licences were concluded with rightsholders"
    assert value(answer, "2.2.1", field) == "yes"
    assert value(answer, "2.4", "User data was used") == "yes"
    assert value(answer, "2.4", "Consent") == "terms of use"
    # One record has no source, and one training set was never ingested: no section says "no".
    assert value(answer, "2.6", "Other data sources were used") is None
    assert len(answer.composition.of(None)) == 1


_USER = {"class": "User", "consent": "terms of use"}


def test_what_a_corpus_says_is_shown_as_text(fresh: Touched) -> None:
    evil = "<script>x</script>*|[a](b)\x1b[31m\u202e"
    facts = {"class": "crawled", "crawler": evil}
    declare(fresh.store, [Entity(Node(Kind.SOURCE, "archive"), facts)])
    answer = ai_act(fresh.store, "base")
    for form, write_summary in SUMMARIES.items():
        stream = io.StringIO()
        write_summary(answer, stream)
        text = stream.getvalue()
        assert "\x1b" not in text
        assert "\u202e" not in text
        if form == "json":
            assert [s["number"] for s in json.loads(text)["sections"]] == list(SECTIONS)
        else:
            assert "<script>" not in text.replace("\\<script\\>", "")
            assert all(
                f"{number} {SECTIONS[number]}" in text for number in SECTIONS if number != "0"
            )


@settings(max_examples=30)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 99), max_size=40))
def test_top_domains_are_a_share_of_all_and_the_largest(sizes: dict[str, int]) -> None:
    portion = Portion((), None, Basis.DECLARED, domains=sizes)
    top, count, size = top_domains([portion], percent=10)
    assert count == len(sizes)
    assert len(top) == -(-len(sizes) // 10)
    assert size == sum(sizes.values())
    assert [n for _, n in top] == sorted(sizes.values(), reverse=True)[: len(top)]
    assert len(top_domains([portion], percent=100, most=3)[0]) == min(3, len(sizes))


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (10**9 - 1, "less than 1 billion tokens"),
        (10**9, "1 billion to 10 trillion tokens"),
        (10**13, "more than 10 trillion tokens"),
    ],
)
def test_bands(tokens: int, words: str) -> None:
    assert band(tokens) == words
