"""Names of what is computed here. A value's name says how it was made.

Values of different names are never compared; a change to what a kernel computes is a new name.
"""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = "tokens1"
"""Tokens and their hashes; keyed hashes also depend on the store's key."""
DOCUMENT = "doc1"
NORMAL = "norm1"
GROUPS = "groups1"
TEXT = "text1"
PASSAGES = "winnow1-k8-w43"
"""Least of every 43 hashes of 8 consecutive words: see ``passages``."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """How documents become signatures: shingles of ``width`` words, ``permutations`` minima."""

    width: int = 5
    permutations: int = 128
    seed: int = 1

    @property
    def name(self) -> str:
        """For instance ``minhash-affine32-w5-k128-s1``."""
        return f"minhash-affine32-w{self.width}-k{self.permutations}-s{self.seed}"

    def bands(self, bands: int, rows: int) -> str:
        """Name of band keys, for instance ``bands-15x7-minhash-affine32-w5-k128-s1``."""
        return f"bands-{bands}x{rows}-{self.name}"

    def compact(self, bits: int) -> str:
        """Name of compact signatures, for instance ``b4-minhash-affine32-w5-k128-s1``."""
        return f"b{bits}-{self.name}"


FINGERPRINTS = "-".join(
    (TOKENS, DOCUMENT, NORMAL, TEXT, PASSAGES, Sketch().compact(4), Sketch().bands(15, 7))
)
"""What a bundle holds beside what was read."""
