"""Records that are broken, and records that different readers read differently."""
