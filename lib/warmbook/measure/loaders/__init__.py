"""The loaders side by side: which there are, the Job that runs them, results."""
