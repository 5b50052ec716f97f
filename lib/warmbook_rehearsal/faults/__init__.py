"""Faults: what goes wrong in real life, one switch each, to teach with and to test with."""

# each registers its faults, in the order of the guide
from . import project, outages, model, bucket, gpus, gke  # noqa: F401, I001
from . import cluster, nodes, server, container_exits, loader_exits, caches  # noqa: F401
from .control import application
from .fault import FAULTS, Fault, UnknownFaultError, named

__all__ = ["FAULTS", "Fault", "UnknownFaultError", "application", "named"]
