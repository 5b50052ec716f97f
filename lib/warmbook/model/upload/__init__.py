"""A model's files into the bucket, from a folder or from Hugging Face."""
