"""The registry of baselines: one literal dictionary, one line a baseline."""

from __future__ import annotations

from benchmarks.detection.baselines.baseline import Baseline
from benchmarks.detection.baselines.gibberish import Gibberish
from benchmarks.detection.baselines.near import NearDuplicates
from benchmarks.detection.baselines.ngrams import ResponseGrams
from benchmarks.detection.baselines.z_score import ZScore

BASELINES: dict[str, Baseline] = {
    "z-score": ZScore(),
    "response-5-grams": ResponseGrams(),
    "gibberish-alone": Gibberish(),
    "datasketch": NearDuplicates(),
}
