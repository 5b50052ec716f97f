"""Google Cloud and Kubernetes: clients, look-ups, retries, and what their errors mean."""
