"""What is measured: a cold start, loaders, tokens, and one run beside another."""
