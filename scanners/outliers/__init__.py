"""Documents beyond what the tail of their corpus allows."""
