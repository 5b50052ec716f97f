"""The classes of vLLM's configuration, each of whose fields is a flag of the server."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from source import UnreadableError, tree_of

Kwargs = Mapping[str, bool]  # a field's name -> is it a switch, with a --no- form beside it


class Classes:
    """The configuration's classes by name, and the other names that their modules assign.

    `text_too`: in this release `bool | str | None` is one flag with an optional value, not a
    pair --x and --no-x.
    """

    def __init__(self, paths: Iterable[Path], *, text_too: bool) -> None:
        self.text_too = text_too
        self.classes: dict[str, ast.ClassDef] = {}
        self.aliases: dict[str, ast.expr] = {}
        for node in (node for path in paths for node in tree_of(path).body):
            match node:
                case ast.ClassDef(name=name):
                    self.classes[name] = node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.aliases[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.aliases[name] = value

    def kwargs(self, name: str) -> Kwargs:
        """Return the fields of a dataclass, inherited ones first, as get_kwargs() has them."""
        if name not in self.classes:
            raise UnreadableError(f"no class {name}")
        fields: dict[str, bool] = {}
        for base in self.classes[name].bases:
            if isinstance(base, ast.Name) and base.id in self.classes:
                fields |= self.kwargs(base.id)
        for node in self.classes[name].body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if re.match(r"(dataclasses\.)?InitVar|ClassVar", ast.unparse(node.annotation)):
                    continue
                fields[node.target.id] = self.is_switch(node.annotation)
        return fields

    def is_switch(self, annotation: ast.expr) -> bool:
        """Say whether the type makes a pair --x and --no-x: a bool, alone or in a union."""
        members = set(self.members(annotation))
        return "bool" in members and not (self.text_too and members == {"bool", "str", "None"})

    def members(self, annotation: ast.expr) -> Iterator[str]:
        """Yield the members of a union as written, other names for types followed."""
        match annotation:
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                yield from self.members(left)
                yield from self.members(right)
            case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
                yield "None"
                yield from self.members(inner)
            case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=parts)):
                for part in parts:
                    yield from self.members(part)
            case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=parts)):
                yield from self.members(parts[0])
            case ast.Name(id=name) if name in self.aliases:
                yield from self.members(self.aliases[name])
            case ast.Constant(value=str() as text):
                yield from self.members(ast.parse(text, mode="eval").body)
            case _:
                yield ast.unparse(annotation)
