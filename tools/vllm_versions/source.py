"""A module of vLLM's source as a tree: where its classes, functions and calls are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ENGINE = "vllm/engine/arg_utils.py"


class UnreadableError(Exception):
    """The source says it in a way that this script does not know: extend the script."""


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), path.name)


def found_class(tree: ast.Module, name: str) -> ast.ClassDef:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise UnreadableError(f"no class {name}")


def found_function(tree: ast.Module, name: str) -> ast.FunctionDef:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise UnreadableError(f"no function {name}")


def method(owner: ast.ClassDef, name: str) -> ast.FunctionDef:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise UnreadableError(f"{owner.name} has no {name}")


def statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    """Yield the statements of a function in the order in which they are written."""
    found = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
        ):
            yield node
