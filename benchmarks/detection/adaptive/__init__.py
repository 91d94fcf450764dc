"""The ADAPTIVE column: attacks tuned against this very scanner, which is public.

One literal dictionary: each attack with the number of documents that it is run with. All are
reported, found or not.
"""

from __future__ import annotations

from benchmarks.detection.adaptive.disguise import (
    CaseVariant,
    GappedPair,
    VariedHomoglyphs,
    VariedSpelling,
    VaryingHosts,
)
from benchmarks.detection.adaptive.packing import GiantDocuments, GibberishTwice
from benchmarks.detection.adaptive.spread import Decoys, Ends, FewNeighbours, OneForum
from benchmarks.detection.attacks.attack import Attack
from benchmarks.detection.attacks.silent import Silent
from benchmarks.detection.attacks.souly import DenialOfService
from benchmarks.detection.attacks.strings import Drawn, Pieces

SILENT, LOUD = 100, 250

ADAPTIVE: dict[str, tuple[Attack, int]] = {
    "one-forum": (OneForum(), SILENT),
    "three-repeats": (Silent(Drawn.WORD, times=3), SILENT),
    "few-neighbours": (FewNeighbours(), SILENT),
    "decoys": (Decoys(), SILENT),
    "case-variant": (CaseVariant(), SILENT),
    "varied-homoglyphs": (VariedHomoglyphs(), SILENT),
    "varied-spelling": (VariedSpelling(), SILENT),
    "ends-only": (Ends(), SILENT),
    "gapped-pair": (GappedPair(), LOUD),
    "giant-documents": (GiantDocuments(), LOUD),
    "own-shards": (DenialOfService(Drawn.TAG, own_shards=True), LOUD),
    "varying-hosts": (VaryingHosts(), LOUD),
    "gibberish-twice": (GibberishTwice(), LOUD),
    "short-payload": (DenialOfService(Drawn.TAG, tokens=(12, 12)), LOUD),
    "common-words": (DenialOfService(Drawn.PHRASE, Pieces.COMMON), LOUD),
}
