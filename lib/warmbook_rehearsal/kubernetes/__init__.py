"""The rehearsal's Kubernetes: an API server, its store and its controllers; runs no Pod."""

from __future__ import annotations

from .controllers import add_node, node_object, run_controllers, scale_pods
from .errors import ApiError
from .fault_hooks import End, FaultHooks
from .history import Change
from .objects import Obj
from .runtime import PodRuntime
from .server import ApiServer
from .store import Store

__all__ = [
    "ApiError",
    "ApiServer",
    "Change",
    "End",
    "FaultHooks",
    "Obj",
    "PodRuntime",
    "Store",
    "add_node",
    "node_object",
    "run_controllers",
    "scale_pods",
]
