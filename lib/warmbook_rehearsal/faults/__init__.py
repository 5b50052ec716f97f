"""Faults: what goes wrong in real life, one switch each, to teach with and to test with."""

# each registers its faults, in the order of the guide
from . import project, outages, model, model_files, bucket, gpus, gke  # noqa: F401, I001
from . import cluster, nodes, placing, pod_parts, namespace, server  # noqa: F401
from . import arguments, container_exits, loader_exits, storage_access, caches  # noqa: F401
from .control import application
from .fault import FAULTS, ConflictError, Fault, UnknownFaultError, named, together
from .asking import UnstageError, unstage
from .staging import Staging
from .changes import Changes

__all__ = ["FAULTS", "Changes", "ConflictError", "Fault", "Staging", "UnknownFaultError"]
__all__ += ["UnstageError", "application", "named", "together", "unstage"]
