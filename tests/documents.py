"""What pages name in backquotes, and whether it exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUOTED = re.compile(r"`([^`]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+")


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text):
    """Return a page without its fenced blocks, whose fences would shift the backquotes."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def quoted(text):
    return QUOTED.findall(prose(text))


def paths(text):
    """Return what is quoted and looks like a path in the repository."""
    return sorted({word for word in quoted(text) if PATH.fullmatch(word)})


def defined(path):
    """Return the names that a module defines: functions, classes, variables, and Class.member."""
    return set(_names(ast.parse((ROOT / path).read_text(encoding="utf-8"))))


def _names(node, prefix=""):
    for child in node.body:
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name):
                yield prefix + name
                yield from _names(child, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield prefix + name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name
