"""The kinds of hidden text: what each means, and how often honest text has it.

``natural`` is a rate per document. Rates are upper bounds seen in 1.6 million real documents
of 20 sources: the worst source for kinds that belong to some source's habits, the 95 % limit
over all of them for kinds seen nowhere or hardly ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from scanners.severity import Consequence

_CONTROL, _DISTORTION, _NUISANCE = (
    Consequence.CONTROL,
    Consequence.DISTORTION,
    Consequence.NUISANCE,
)


@dataclass(frozen=True)
class Kind:
    """One pattern of one code-point class.

    ``decoded`` kinds are facts, whatever the rate; ``least`` documents make others likely
    (curiosities come one at a time).
    """

    code: str
    title: str
    consequence: Consequence
    natural: float
    decoded: bool = False
    least: int = 1


NEVER = 4e-6

KINDS: dict[str, Kind] = {
    "tag-message": Kind("HID001", "Hidden message in tag characters", _CONTROL, NEVER, True),
    "tag-stray": Kind("HID001", "Stray tag characters", _NUISANCE, NEVER),
    "bidi-override": Kind(
        "HID002", "Bidirectional override that reverses what is read", _CONTROL, NEVER
    ),
    "bidi-reorder": Kind(
        "HID002", "Bidirectional embedding that reorders left-to-right text", _CONTROL, NEVER
    ),
    "bidi-residue": Kind("HID002", "Bidirectional controls without effect", _NUISANCE, 1e-2),
    "zero-width-message": Kind(
        "HID003", "Hidden message in invisible characters", _CONTROL, NEVER, True
    ),
    "zero-width-bits": Kind(
        "HID003", "Long mixed run of invisible characters, not decoded", _CONTROL, NEVER
    ),
    "zero-width-padding": Kind("HID003", "Run of one invisible character", _NUISANCE, 1e-2),
    "zero-width-in-word": Kind("HID003", "Zero-width characters inside words", _DISTORTION, 3e-2),
    "zero-width-stray": Kind("HID003", "Zero-width characters out of place", _NUISANCE, 3e-2),
    "selector-message": Kind(
        "HID004", "Hidden message in variation selectors", _CONTROL, NEVER, True
    ),
    "selector-bytes": Kind("HID004", "Run of variation selectors, not decoded", _CONTROL, NEVER),
    "selector-stray": Kind("HID004", "Variation selectors out of place", _NUISANCE, 15e-2),
    "filler": Kind("HID005", "Invisible filler letters out of place", _NUISANCE, 1e-2),
    "soft-hyphen": Kind("HID006", "Soft hyphens", _NUISANCE, 4e-2),
    "control-c0": Kind("HID007", "Control characters (C0)", _NUISANCE, 3e-2),
    "control-c1": Kind("HID007", "Control characters (C1), often mojibake", _NUISANCE, 3e-2),
    "private-use": Kind("HID008", "Private-use characters", _NUISANCE, 1e-2),
    "deprecated": Kind("HID009", "Deprecated format characters", _NUISANCE, 1e-2),
    "repeated": Kind("HID010", "One code point repeated many times", _DISTORTION, 1e-2),
    "repeated-fixed": Kind("HID010", "One code point always repeated alike", _DISTORTION, 1e-3),
    "mixed-script": Kind("HID011", "Words that mix look-alike scripts", _DISTORTION, 1e-2),
    "mixed-script-text": Kind(
        "HID011", "Texts written in letters of look-alike scripts", _DISTORTION, NEVER, least=3
    ),
}
