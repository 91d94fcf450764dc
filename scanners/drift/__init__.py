"""What changed between two snapshots, and what came all at once."""
