"""What is this corpus, and where did it come from."""
