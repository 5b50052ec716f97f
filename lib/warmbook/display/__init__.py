"""How results, progress and choices look in a notebook and in a terminal."""
