"""The Commission's template for the public summary of training content, as data.

Annex to C(2025) 5235 final of 24 July 2025 (published again as C(2025) 8311), required by
Article 53(1)(d) of Regulation (EU) 2024/1689. Headings are those of the template, in short.
"""

from __future__ import annotations

TEMPLATE = "C(2025) 5235 final"

SECTIONS: dict[str, str] = {
    "0": "Version",
    "1": "General information",
    "1.1": "Provider identification",
    "1.2": "Model identification",
    "1.3": "Modalities, overall training data size and other characteristics",
    "2": "List of data sources",
    "2.1": "Publicly available datasets",
    "2.2": "Private non-publicly available datasets obtained from third parties",
    "2.2.1": "Datasets commercially licensed by rightsholders or their representatives",
    "2.2.2": "Private datasets obtained from other third parties",
    "2.3": "Data crawled and scraped from online sources",
    "2.4": "User data",
    "2.5": "Synthetic data",
    "2.6": "Other sources of data",
    "3": "Data processing aspects",
    "3.1": "Respect of reservation of rights from text and data mining",
    "3.2": "Removal of illegal content",
    "3.3": "Other information",
}
"""Number -> heading, in order."""

LARGE = 0.03
"""A publicly available dataset above this share of all of them is listed one by one (2.1)."""
DOMAINS_PERCENT = 10
SME_DOMAINS_PERCENT = 5
SME_DOMAINS = 1000
"""Share of the domain names, by size of content, that 2.3 lists; small and medium-sized
enterprises list 5 %, or 1,000 names if these are fewer."""

BANDS = (
    (10**9, "less than 1 billion tokens"),
    (10**13, "1 billion to 10 trillion tokens"),
    (None, "more than 10 trillion tokens"),
)
"""Bands of the size of text in 1.3: upper end, words."""


def band(tokens: float) -> str:
    """The band of 1.3 that a number of tokens lies in."""
    return next(words for most, words in BANDS if most is None or tokens < most)
