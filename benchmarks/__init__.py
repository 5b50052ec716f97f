"""`make bench`: what the README quotes, measured. One module a subject; each runs by itself too."""
