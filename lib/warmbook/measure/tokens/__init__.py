"""Whether a loader, or the running server, gives the default loader's tokens."""
