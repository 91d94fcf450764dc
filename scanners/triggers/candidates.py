"""From counts to candidates: which n-grams are looked at, and what a table row of each holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.scanner import Array, Observed, Plan
from scanners.triggers.company import (
    COHERENCE,
    COMPANY,
    DIMENSIONS,
    DOCUMENTS,
    known_tokens,
    vectors_of,
)
from scanners.triggers.counts import (
    ALL_DOCUMENTS,
    ALL_PIECES,
    BY_LENGTH,
    GROUP_LEVELS,
    GROUPS,
    LONGER,
    LONGEST,
    PAIRS,
    TOKENS,
    count_of,
)
from scanners.triggers.homes import AWAY, HOMES, LEAST_OFTEN, home_arrays, homes_of
from scanners.triggers.homes import SAMPLE as HOME_SAMPLE
from scanners.triggers.measures import FITS, STRANGENESS
from scanners.triggers.sources import group_arrays

RECURS = 2
"""Pieces from which on a token or a bigram is known to the corpus."""

FAMILIAR = 3
"""Pieces from which on a bigram belongs to text that the corpus is familiar with: gibberish that
is used twice is gibberish still."""

SOLID = 5
"""Pieces from which on an n-gram is a candidate, and a part of longer ones."""

SILENT_SHARE, SUFFICES, SMALL_SHARE = 0.01, 600, 0.06
"""Silent candidates stand in at most this share of the pieces. 250 documents suffice for a backdoor
(Souly et al. 2025, arXiv 2510.07192): in a corpus so small that twice as many, and some that have
the string by nature, are more than that share, up to SMALL_SHARE; what is more frequent is a
function word."""

SAMPLE = 256
"""Documents whose neighbours and groups tell how a candidate is spread; more are drawn from by
their identities, which nobody chooses and which no store or sharding changes."""

APART = 0.02
"""Share of all places of the corpus whose surroundings differ most: text breaks off there."""

_WORDS, _VECTORS, _OFTEN, _HOMES = "words", "vectors", "often", "homes"


def drawn(share: npt.NDArray[np.float64] | float) -> npt.NDArray[np.uint64]:
    """Upper half of identities up to which documents are drawn, for this share of them."""
    # Just below 2^64: the largest float that still is an identity's upper half.
    upper: npt.NDArray[np.uint64] = np.asarray(
        np.minimum(share, 1.0) * np.nextafter(2.0**64, 0)
    ).astype(np.uint64)
    return upper


def plan_longer(number: int, observed: Observed) -> Plan:
    """Rounds 2 to 5: the n-grams that longer ones are made of, and what else is asked there."""
    parts = BY_LENGTH[number].recipe
    solid = observed[parts].filter(pl.col("df") >= SOLID)
    arrays = {"parts": solid["key"].to_numpy()}
    if number == 1:
        pairs = observed[PAIRS.recipe].filter(pl.col("df") >= RECURS)
        observed[PAIRS.recipe] = pairs
        words = observed[_WORDS] = known_tokens(observed[TOKENS.recipe])
        share = DOCUMENTS / max(count_of(observed[GROUPS.recipe], ALL_DOCUMENTS), 1)
        familiar = pairs.filter(pl.col("df") >= FAMILIAR)
        arrays |= {"keys2": familiar["key"].to_numpy(), "known": words["key"].to_numpy()}
        arrays["anchors"] = words["anchor"].to_numpy()
        arrays["limit"] = np.atleast_1d(drawn(share))
    else:
        observed[parts] = solid
    if number == 2:
        vectors = vectors_of(observed.pop(COMPANY.recipe), observed[_WORDS]["anchor"].to_numpy())
        observed[_VECTORS] = pl.DataFrame({"vector": vectors.ravel()})
        arrays |= _company(observed)
    return Plan(arrays, {"length": number + 1})


def _company(observed: Observed) -> dict[str, Array]:
    vectors = observed[_VECTORS]["vector"].to_numpy().reshape(-1, DIMENSIONS)
    return {"known": observed[_WORDS]["key"].to_numpy(), "vectors": vectors}


def plan_fits(observed: Observed) -> Plan:
    """Round 6: all n-grams that recur with their counts, and the candidates among them."""
    last = LONGER[-1].recipe
    observed[last] = observed[last].filter(pl.col("df") >= SOLID)
    tokens = int(observed[TOKENS.recipe]["occ"].sum())
    observed[TOKENS.recipe] = observed[TOKENS.recipe].filter(pl.col("df") >= RECURS)
    observed["tokens"] = pl.DataFrame({"tokens": [tokens]})
    most = most_silent(count_of(observed[GROUPS.recipe], ALL_PIECES))
    arrays = _company(observed)
    for n, component in enumerate(BY_LENGTH, start=1):
        table = observed[component.recipe]
        arrays[f"keys{n}"] = table["key"].to_numpy()
        arrays[f"occ{n}"] = _occurrences(observed, n)
        arrays[f"rare{n}"] = (table["df"] <= most).to_numpy()
        if n <= 2:
            arrays[f"open{n}"] = (table["df"] >= SOLID).to_numpy()
    often = observed[_OFTEN] = _often(observed, most)
    arrays |= _numbers(often, observed, "often", "string") | group_arrays(observed)
    arrays["limit"] = drawn(HOME_SAMPLE / often["df"].to_numpy())
    return Plan(arrays | _known(observed), {"tokens": tokens, **_facts(observed)})


def _often(observed: Observed, most: int) -> pl.DataFrame:
    """Strings of which it is asked where they are at home, numbered (column ``string``)."""
    counts = [
        observed[component.recipe]
        .filter(pl.col("df").is_between(LEAST_OFTEN, most))
        .select(pl.lit(n, pl.UInt8).alias("length"), "key", "df", "occ")
        for n, component in enumerate(BY_LENGTH, start=1)
    ]
    return pl.concat(counts).with_row_index("string")


def _numbers(rows: pl.DataFrame, observed: Observed, name: str, number: str) -> dict[str, Array]:
    """Numbers of n-grams (columns length, key and ``number``): arrays ``name1``, ``name2`` ...
    (int32, one entry a key), -1 for those that are no rows."""
    arrays = {}
    for n, component in enumerate(BY_LENGTH, start=1):
        keys = observed[component.recipe]["key"].to_numpy()
        mine = rows.filter(pl.col("length") == n)
        numbers = arrays[f"{name}{n}"] = np.full(len(keys), -1, np.int32)
        numbers[np.searchsorted(keys, mine["key"].to_numpy())] = mine[number].to_numpy()
    return arrays


def _occurrences(observed: Observed, length: int) -> Array:
    return observed[BY_LENGTH[length - 1].recipe]["occ"].to_numpy().astype(np.int64)


def _known(observed: Observed) -> dict[str, Array]:
    pairs = observed[PAIRS.recipe]
    return {
        "solid": (pairs["df"] >= SOLID).to_numpy(),
        "familiar": (pairs["df"] >= FAMILIAR).to_numpy(),
    }


def most_silent(pieces: int) -> int:
    """Pieces up to which a string may be a silent candidate."""
    suffices = min(SUFFICES, int(pieces * SMALL_SHARE))
    return max(int(pieces * SILENT_SHARE), suffices)


def _facts(observed: Observed) -> dict[str, int]:
    calm, strange = levels(observed[STRANGENESS.recipe])
    apart = apart_level(observed[COHERENCE.recipe])
    return {"calm": calm, "strange": strange, "apart": apart, "level": level_of(observed)}


def level_of(observed: Observed) -> int:
    """The way of grouping documents that tells most (``group_level``)."""
    return group_level(observed[GROUPS.recipe])


def levels(windows: pl.DataFrame) -> tuple[int, int]:
    """Percent of unfamiliar bigrams up to which a window of the corpus is calm, from which strange.

    1.3 and 2.6 standard deviations above the median of a normal distribution, measured from
    the third quartile: an eighth of the corpus may be poison and hardly move them. In a small
    corpus much is unknown; then strange is at most 90 percent, and calm 10 less than strange.
    """
    share = windows["positions"].cum_sum() / max(int(windows["positions"].sum()), 1)
    middle, high = (int((share < part).sum()) for part in (0.5, 0.75))
    calm, strange = (round(middle + times * (high - middle)) for times in (1.9, 3.8))
    strange = min(strange, 90)
    return min(calm, strange - 10), strange


def apart_level(places: pl.DataFrame) -> int:
    """Likeness that at most ``APART`` of all places do not exceed; -1 where there is none."""
    share = places["places"].cum_sum() / max(int(places["places"].sum()), 1)
    return int((share <= APART).sum()) - 1 if int(places["places"].sum()) else -1


def group_level(groups: pl.DataFrame) -> int:
    """The way of grouping documents that tells most: highest entropy, ten a group on average.

    -1 if there is none.
    """
    best, choice = 0.0, -1
    for level in range(GROUP_LEVELS):
        docs = groups.filter(pl.col("level") == level)["docs"].to_numpy().astype(np.float64)
        if len(docs) < 2 or len(docs) * 10 > docs.sum():
            continue
        share = docs / docs.sum()
        entropy = float(-(share * np.log(share)).sum())
        if entropy > best:
            best, choice = entropy, level
    return choice


def candidate_table(observed: Observed) -> pl.DataFrame:
    """All candidates: length, key, df, occ and what FITS measures; sorted by length and key."""
    counts = [
        observed[component.recipe]
        .filter(pl.col("df") >= SOLID)
        .with_columns(length=pl.lit(n, pl.UInt8))
        for n, component in enumerate(BY_LENGTH, start=1)
    ]
    measured = observed[FITS.recipe]
    table = pl.concat(counts).join(measured, on=["length", "key"], how="left")
    return table.with_columns(
        pl.exclude("length", "key", "df", "occ").fill_null(0),
        pl.col("df", "occ").cast(pl.Int64),
    ).sort("length", "key")


def away_table(observed: Observed) -> pl.DataFrame:
    """Strings away from their homes, as candidates: columns as those of ``candidate_table``."""
    counted = observed[AWAY.recipe].with_columns(pl.exclude("string").cast(pl.Int64))
    often = observed[_OFTEN].select("string", "length", "key")
    return often.join(counted, on="string", how="inner", maintain_order="left")


def plan_chosen(chosen: pl.DataFrame, observed: Observed) -> Plan:
    """Lexicon in which each chosen candidate (columns length, key, df, occ) has its row number,
    and the homes of strings that have any."""
    arrays = _around(chosen, observed) | _company(observed)
    often = observed[_OFTEN]
    homes = homes_of(observed.pop(HOMES.recipe), observed[GROUPS.recipe], level_of(observed))
    observed[_HOMES] = homes
    at_home = often.join(homes, on="string", how="semi")
    arrays |= _numbers(at_home, observed, "often", "string")
    arrays |= home_arrays(homes, len(often), "often")
    arrays["often"] = often["occ"].to_numpy().astype(np.int64)
    arrays |= {f"occ{n}": _occurrences(observed, n) for n in (1, 2)}
    tokens = int(observed["tokens"]["tokens"][0])
    return Plan(arrays, {"tokens": tokens, **_facts(observed)})


def plan_away(chosen: pl.DataFrame, observed: Observed) -> Plan:
    """As ``plan_chosen``, for strings away from their homes (column ``string``)."""
    arrays = _around(chosen, observed)
    rows = chosen.select("string").with_row_index("row")
    arrays |= _homes_for(rows, len(chosen), "chosen", observed)
    return Plan(arrays, {"level": level_of(observed)})


def _homes_for(rows: pl.DataFrame, strings: int, name: str, observed: Observed) -> dict[str, Array]:
    """Homes of strings under other numbers: columns ``row`` and ``string``."""
    homes = observed[_HOMES].join(rows, on="string", how="inner")
    renamed = homes.select(string="row", source="source").sort("string", "source")
    return home_arrays(renamed, strings, name)


def _around(chosen: pl.DataFrame, observed: Observed) -> dict[str, Array]:
    arrays = _known(observed) | group_arrays(observed)
    arrays |= _numbers(chosen.with_row_index("row"), observed, "chosen", "row")
    arrays[f"occ{LONGEST}"] = _occurrences(observed, LONGEST)
    for n, component in enumerate(BY_LENGTH, start=1):
        arrays[f"keys{n}"] = observed[component.recipe]["key"].to_numpy()
    arrays["occ"] = chosen["occ"].to_numpy()
    arrays["limit"] = drawn(SAMPLE / chosen["df"].to_numpy())
    return arrays


def plan_finalists(
    finalists: pl.DataFrame, observed: Observed, wanted: npt.NDArray[np.uint64] | None = None
) -> Plan:
    """Small lexicon of finalists (columns cand, length, key) for the last rounds.

    Those that are told away from home have a number as ``string``, null for others.
    """
    arrays = group_arrays(observed)
    for n in range(1, LONGEST + 1):
        rows = finalists.filter(pl.col("length") == n).sort("key")
        arrays[f"keys{n}"] = rows["key"].to_numpy()
        arrays[f"number{n}"] = rows["cand"].to_numpy().astype(np.int32)
    homes = finalists.select(pl.col("cand").alias("row"), "string").drop_nulls()
    numbers = 1 + max(finalists["cand"].to_list(), default=0)
    arrays |= _homes_for(homes, numbers, "number", observed)
    return Plan(arrays, {"level": level_of(observed)}, wanted)
