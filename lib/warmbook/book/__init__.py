"""The whole book at once: run headless, by hand, step by step, in the gym."""
