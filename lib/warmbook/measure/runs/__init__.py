"""The record of a run, two records side by side, and the HTML report."""
