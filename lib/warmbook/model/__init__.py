"""The model: its folder in the bucket, its tensors, and what it takes to serve it."""
