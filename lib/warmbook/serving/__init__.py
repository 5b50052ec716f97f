"""The server: its manifests, engines, flags and Pods, and its API."""
