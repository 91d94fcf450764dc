"""A small corpus of our own text with planted poison, and the generator that makes it."""
