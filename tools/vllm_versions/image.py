"""What the official image of a release holds: the streamer, CUDA, the loaders' packages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from source import UnreadableError, tree_of

DOCKERFILE, CUDA_PACKAGES = "docker/Dockerfile", "requirements/cuda.txt"
LOADERS = ("fastsafetensors", "tensorizer")
"""Packages of loaders that notebook 09 compares where the image has them."""


def cuda(root: Path) -> str:
    """Return the CUDA that the image is built with unless its builder says otherwise."""
    found = re.findall(r"^ARG CUDA_VERSION=(\d+\.\d+\.\d+)$", _dockerfile(root), re.MULTILINE)
    if len(found) != 1:
        raise UnreadableError(f"the image's CUDA is one of {found}")
    return str(found[0])


def loader_packages(root: Path) -> set[str]:
    """Return those of LOADERS that the image's requirements name."""
    lines = (root / CUDA_PACKAGES).read_text("utf-8").splitlines()
    names = {re.split(r"[^\w-]", line, maxsplit=1)[0] for line in lines}
    return names & set(LOADERS)


def _dockerfile(root: Path) -> str:
    return (root / DOCKERFILE).read_text("utf-8")


def streamer(root: Path) -> str:
    """Return the requirement of the extra `runai`; the official image must ask for the same."""
    extra = next(
        ast.literal_eval(value)
        for node in ast.walk(tree_of(root / "setup.py"))
        if isinstance(node, ast.Dict)
        for name, value in zip(node.keys, node.values, strict=True)
        if isinstance(name, ast.Constant) and name.value == "runai"
    )
    dockerfile = _dockerfile(root)
    arguments = dict(re.findall(r'^ARG (\w+)="([^"]*)"', dockerfile, re.MULTILINE))
    image = re.findall(r"runai-model-streamer\[[^\s'\"]+", dockerfile)
    asked = {re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], text) for text in image}
    wanted = {requirement(text) for text in (*extra, *asked)}
    if not asked or len(wanted) != 1:
        raise UnreadableError(f"the extra asks for {extra}, the image for {asked}")
    return wanted.pop()


def requirement(text: str) -> str:
    found = re.fullmatch(r"([\w-]+)\[([\w,]+)\] *([<>=~!]+) *([\d.]+)", text)
    if not found:
        raise UnreadableError(f"requirement {text!r}")
    name, extras, operator, version = found.groups()
    return f"{name}[{','.join(sorted(extras.split(',')))}]{operator}{version}"
