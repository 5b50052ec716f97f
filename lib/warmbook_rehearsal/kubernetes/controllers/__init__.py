"""What brings a cluster's objects to what their owners asked for."""

from __future__ import annotations

from .loop import run_controllers
from .nodes import add_node, node_object
from .pod_autoscaling import scale_pods

__all__ = ["add_node", "node_object", "run_controllers", "scale_pods"]
