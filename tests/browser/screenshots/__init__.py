"""`make screenshots`: pictures of what a person sees in each notebook, for review."""
