"""Where the time of a cold start went, from the server's log and the cluster."""
