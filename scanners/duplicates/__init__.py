"""What a corpus says more than once: exact copies, and texts that are nearly the same."""
