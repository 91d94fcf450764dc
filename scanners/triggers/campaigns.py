"""Strings that belong together, as one finding: a person reads campaigns, not strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scanners.scanner import Finding
from scanners.severity import Confidence
from scanners.statistics import FALSE_SHARE
from scanners.triggers.findings import EFFECTS, P_VALUE, SHARE, SILENT

CROWD = 10
"""Silent strings of one style, from which on they are one finding even if each alone is a lead (the
rule of Benjamini and Hochberg): decoys must not crowd out what they are to hide."""

LISTED = 50
"""Strings of a crowd that are named."""


def campaigns(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in their order; strings that share their documents, or are a crowd, as one."""
    apart: list[Finding] = []
    documents: list[frozenset[str]] = []
    echoes = _echoes(findings)
    for finding in findings:
        if finding.id in echoes:
            continue
        mine = frozenset(finding.members)
        if not any(2 * len(mine & other) > len(mine) for other in documents):
            apart.append(finding)
            documents.append(mine)
    crowds: dict[int, list[Finding]] = {}
    for finding in apart:
        if finding.code == SILENT and float(finding.statistics[SHARE]) <= FALSE_SHARE:
            crowds.setdefault(int(finding.statistics["tokens"]), []).append(finding)
    joined = [_joined(tokens, crowd) for tokens, crowd in crowds.items() if len(crowd) >= CROWD]
    inside = {f.id for crowd in crowds.values() if len(crowd) >= CROWD for f in crowd}
    rest = [finding for finding in apart if finding.id not in inside]
    return sorted([*rest, *joined], key=lambda finding: finding.order)


def _echoes(findings: Sequence[Finding]) -> frozenset[str]:
    """Findings whose effect may all lie in documents of one that is surer, or less chance.

    What comes soon behind a trigger, a word of the other language, say, has its effect as well.
    """
    counted = {effect.code: effect.noun for effect in EFFECTS.values()}
    effects = [finding for finding in findings if finding.code in counted]
    effects.sort(key=lambda one: (-one.confidence, float(one.statistics[P_VALUE]), one.order))
    first: list[frozenset[str]] = []
    echoes = set()
    for finding in effects:
        mine, hits = frozenset(finding.members), finding.statistics[counted[finding.code]]
        if any(len(mine & other) >= int(hits) for other in first):
            echoes.add(finding.id)
        else:
            first.append(mine)
    return frozenset(echoes)


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
