"""Runs beside each other: their figures, what chance explains, and thresholds."""
