"""Markers: runs of one code point, what comes behind them, echoes, and control strings."""
