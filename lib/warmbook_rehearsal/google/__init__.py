"""Google Cloud's control planes imitated on loopback; neither storage nor Kubernetes."""

from .cloud import Cloud
from .hosts import Caches, ClusterHost, Endpoint, Storage

__all__ = ["Caches", "Cloud", "ClusterHost", "Endpoint", "Storage"]
