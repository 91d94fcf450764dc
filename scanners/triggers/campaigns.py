"""Strings that belong together, as one finding: a person reads campaigns, not strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scanners.scanner import Finding
from scanners.severity import Confidence
from scanners.statistics import FALSE_SHARE
from scanners.triggers.finalists import MOSTLY
from scanners.triggers.findings import EFFECTS, P_VALUE, SHARE, SILENT

CROWD = 10
"""Silent strings of one style, from which on they are one finding even if each alone is a lead (the
rule of Benjamini and Hochberg): decoys must not crowd out what they are to hide."""

NOUNS = {effect.code: effect.noun for effect in EFFECTS.values()}
"""By code of an effect, the statistic that counts it."""

LISTED = 50
"""Strings of a crowd that are named."""


def campaigns(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in their order; strings that share their documents, or are a crowd, as one."""
    apart: list[tuple[Finding, frozenset[str]]] = []
    echoes = _echoes(findings)
    for finding in findings:
        mine = frozenset(finding.members)
        if finding.id not in echoes and not any(_shares(finding, mine, *one) for one in apart):
            apart.append((finding, mine))
    crowds: dict[int, list[Finding]] = {}
    for finding, _ in apart:
        if finding.code == SILENT and float(finding.statistics[SHARE]) <= FALSE_SHARE:
            crowds.setdefault(int(finding.statistics["tokens"]), []).append(finding)
    joined = [_joined(tokens, crowd) for tokens, crowd in crowds.items() if len(crowd) >= CROWD]
    inside = {f.id for crowd in crowds.values() if len(crowd) >= CROWD for f in crowd}
    rest = [finding for finding, _ in apart if finding.id not in inside]
    return sorted([*rest, *joined], key=lambda finding: finding.order)


def _shares(
    finding: Finding, mine: frozenset[str], other: Finding, documents: frozenset[str]
) -> bool:
    """Whether most of its documents are those of another; a narrower string with an effect that is
    less chance is worth a look beside a broader one."""
    if 2 * len(mine & documents) <= len(mine):
        return False
    if finding.code not in NOUNS or other.code not in NOUNS:
        return True
    chance, its = (float(one.statistics[P_VALUE]) for one in (finding, other))
    return not (len(mine) < len(documents) and chance < its)


def _echoes(findings: Sequence[Finding]) -> frozenset[str]:
    """Findings whose effect is that of another one, which is less chance."""
    effects = [finding for finding in findings if finding.code in NOUNS]
    effects.sort(key=lambda finding: (float(finding.statistics[P_VALUE]), finding.order))
    first: list[tuple[Finding, frozenset[str]]] = []
    echoes = set()
    for finding in effects:
        mine = frozenset(finding.members)
        if any(_is_echo(finding, mine, *other) for other in first):
            echoes.add(finding.id)
        else:
            first.append((finding, mine))
    return frozenset(echoes)


def _is_echo(
    finding: Finding, mine: frozenset[str], other: Finding, documents: frozenset[str]
) -> bool:
    """Whether most of its effect may lie in the documents of another, or it is a part of them.

    What comes soon behind a trigger, a word of the other language, say, has its effect as well;
    but no lead explains a finding, unless it has the effect where the finding is not, too.
    """
    both, hits = len(mine & documents), _hits(finding)
    lead = Confidence.UNCORRECTED
    if 2 * both >= hits and (other.confidence > lead or finding.confidence == lead):
        return True
    outside = len(documents) - both
    return both == len(mine) and outside > 0 and _hits(other) - both >= MOSTLY * outside


def _hits(finding: Finding) -> int:
    return int(finding.statistics[NOUNS[finding.code]])


def _joined(tokens: int, crowd: Sequence[Finding]) -> Finding:
    first = crowd[0]
    members = sorted({member for finding in crowd for member in finding.members})
    statistics: Mapping[str, int | float | str] = {
        "strings": len(crowd),
        "documents": len(members),
        "tokens": tokens,
        "string": first.key,
        "expected by chance, at most": max(
            finding.statistics["expected by chance"] for finding in crowd
        ),
        "first strings": ", ".join(finding.key for finding in crowd[:LISTED]),
    }
    return replace(
        first,
        key=f"strings of {tokens} tokens",
        title=f"{len(crowd)} rare strings are spread as if put in at random",
        confidence=Confidence.POSSIBLE,
        members=tuple(members),
        statistics=statistics,
        excerpts=tuple(finding.excerpts[0] for finding in crowd[:3]),
    )
