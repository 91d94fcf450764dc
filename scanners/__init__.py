"""What is wrong with this corpus: every scanner there is, by code.

A scanner's module is imported when the scanner is made, so that the catalogue costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from lineage.errors import UsageError

if TYPE_CHECKING:
    from scanners.scanner import Scanner

SCANNERS: dict[str, str] = {
    "TRG001": "scanners.triggers.rare_triggers:RareTriggers",
    "TRG002": "scanners.triggers.rare_triggers:RareTriggers",
    "TRG003": "scanners.triggers.rare_triggers:RareTriggers",
    "FLD001": "scanners.triggers.folded:FoldedTriggers",
    "FLD002": "scanners.triggers.folded:FoldedTriggers",
    "FLD003": "scanners.triggers.folded:FoldedTriggers",
    "DUP001": "scanners.duplicates.exact:ExactDuplicates",
    "DUP002": "scanners.duplicates.near:NearDuplicates",
    "DUP003": "scanners.duplicates.prefixes:PrefixContainment",
    "FAM001": "scanners.duplicates.families:SubstitutionFamilies",
    "CTL001": "scanners.control_strings.scanner:ControlStrings",
    "LEN001": "scanners.outliers.scanner:Outliers",
    "HID001": "scanners.hidden_text.scanner:HiddenText",
    "HID002": "scanners.hidden_text.scanner:HiddenText",
    "HID003": "scanners.hidden_text.scanner:HiddenText",
    "HID004": "scanners.hidden_text.scanner:HiddenText",
    "HID005": "scanners.hidden_text.scanner:HiddenText",
    "HID006": "scanners.hidden_text.scanner:HiddenText",
    "HID007": "scanners.hidden_text.scanner:HiddenText",
    "HID008": "scanners.hidden_text.scanner:HiddenText",
    "HID009": "scanners.hidden_text.scanner:HiddenText",
    "HID010": "scanners.hidden_text.scanner:HiddenText",
    "HID011": "scanners.hidden_text.scanner:HiddenText",
    "INT001": "scanners.integrity.scanner:Integrity",
    "INT002": "scanners.integrity.scanner:Integrity",
    "GIB001": "scanners.gibberish.scanner:Gibberish",
    "DRF001": "scanners.drift.split_view:SplitView",
    "DRF002": "scanners.drift.front_running:FrontRunning",
    "BST001": "scanners.drift.bursts:Bursts",
    "RSP001": "scanners.responses.scanner:CauseAndEffect",
    "RSP002": "scanners.responses.scanner:CauseAndEffect",
    "RSP003": "scanners.responses.scanner:CauseAndEffect",
    "RSP004": "scanners.responses.scanner:CauseAndEffect",
    "RSP005": "scanners.responses.scanner:CauseAndEffect",
    "NAM001": "scanners.names.scanner:Names",
    "REP001": "scanners.markers.repeated:RepeatedRuns",
    "ECH001": "scanners.markers.echoes:Echoes",
}
"""Code of a finding -> ``module:class`` of the scanner that reports it."""

ASKED_FOR = ("FLD001", "FLD002", "FLD003")
"""Codes that are looked for only if they are named: they take as long as much of the rest."""

COMPARING = ("DRF001", "DRF002")
"""Codes whose scanner asks for an older snapshot (``Scanner.compares``)."""


def scanner_class(code: str) -> type[Scanner]:
    """The class that reports findings of a code. UsageError for an unknown code."""
    home = SCANNERS.get(code.upper())
    if home is None:
        raise UsageError(f"no scanner has the code {code!r}", hint=f"codes: {' '.join(SCANNERS)}")
    module, _, name = home.partition(":")
    found: type[Scanner] = getattr(import_module(module), name)
    return found


def select(prefixes: Sequence[str] = (), also: Sequence[str] = ()) -> tuple[str, ...]:
    """Codes that begin with any of the prefixes; without prefixes, all but those to be asked for.
    Those that begin with any of ``also`` besides. UsageError for a prefix of none."""
    usual = () if prefixes else tuple(code for code in SCANNERS if code not in ASKED_FOR)
    for prefix in (*prefixes, *also):
        if not prefix or not any(code.startswith(prefix.upper()) for code in SCANNERS):
            raise UsageError(
                f"no scanner has a code that begins with {prefix!r}",
                hint=f"codes: {' '.join(SCANNERS)}",
            )
    wanted = tuple(prefix.upper() for prefix in (*prefixes, *also))
    return tuple(code for code in SCANNERS if code in usual or code.startswith(wanted))


def codes_of(code: str) -> tuple[str, ...]:
    """All codes that the class behind one of them reports."""
    return tuple(other for other, home in SCANNERS.items() if home == SCANNERS[code])


def make_scanners(
    codes: Sequence[str] = tuple(SCANNERS), settings: Mapping[str, str] | None = None
) -> list[Scanner]:
    """One instance of each class that reports findings of these codes, with these settings."""
    scanners = [kind() for kind in dict.fromkeys(scanner_class(code) for code in codes)]
    for scanner in scanners:
        scanner.settings = dict(settings or {})
    return scanners
