"""What is wrong with this corpus: every scanner there is, by code."""
