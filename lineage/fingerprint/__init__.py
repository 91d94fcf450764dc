"""Batches to tokens, digests and signatures; each value under the name of its recipe."""
