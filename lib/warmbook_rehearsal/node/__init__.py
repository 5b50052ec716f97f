"""The node of a rehearsal: an engine for an image, a small real model, Pods as processes."""

from __future__ import annotations

from .image import EngineError, Image, build_image, downloads
from .kubelet import Kubelet
from .model import LOCK as MODEL_LOCK
from .model import Model, make_model
from .programs import Program
from .sharing import check_python_for_others, export, prune, share
from .smoke_test import SmokeTest, smoke_test

__all__ = [
    "MODEL_LOCK",
    "EngineError",
    "Image",
    "Kubelet",
    "Model",
    "Program",
    "SmokeTest",
    "build_image",
    "check_python_for_others",
    "downloads",
    "export",
    "make_model",
    "prune",
    "share",
    "smoke_test",
]
