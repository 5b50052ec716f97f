"""The node of a rehearsal: an engine for an image, a small real model, Pods as processes."""

from __future__ import annotations

from .image import EngineError, Image, build_image
from .kubelet import Kubelet
from .model import Model, make_model

__all__ = ["EngineError", "Image", "Kubelet", "Model", "build_image", "make_model"]
