"""Text unlike the rest of its corpus."""
