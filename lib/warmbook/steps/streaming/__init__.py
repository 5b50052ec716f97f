"""Verify: the Deployment, the Pods, what the streamer read and how fast; ask the model."""

from __future__ import annotations

from .answer import Answer, ask
from .loads import Load, Streams, measure
from .packages import Versions, versions
from .prompt import Reply, prompt_box, reply
from .rollout import Available, Pods, list_pods, wait_available
from .start import cold_start

__all__ = [
    "Answer",
    "Available",
    "Load",
    "Pods",
    "Reply",
    "Streams",
    "Versions",
    "ask",
    "cold_start",
    "list_pods",
    "measure",
    "prompt_box",
    "reply",
    "versions",
    "wait_available",
]
