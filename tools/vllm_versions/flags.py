"""The flags of the API server: what the calls of add_argument would register."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from config_classes import Classes, Kwargs
from source import (
    ENGINE,
    UnreadableError,
    calls,
    found_class,
    found_function,
    method,
    statements,
    tree_of,
)


def flags(root: Path) -> set[str]:
    """Return the flags of `python3 -m vllm.entrypoints.openai.api_server`, short ones too."""
    engine = tree_of(root / ENGINE)
    server_path = [
        path
        for path in sorted((root / "vllm/entrypoints").rglob("cli_args.py"))
        if "class FrontendArgs" in path.read_text("utf-8")
    ]
    if len(server_path) != 1:
        raise UnreadableError(f"the server's flags are in {server_path}")
    server = tree_of(server_path[0])
    paths = [*sorted((root / "vllm/config").rglob("*.py")), server_path[0]]
    text_too = "type_hints == {bool, str, type(None)}" in (root / ENGINE).read_text("utf-8")
    classes = Classes(paths, text_too=text_too)

    named = {"-h", "--help"}
    for owner in ("EngineArgs", "AsyncEngineArgs"):
        named |= registered(method(found_class(engine, owner), "add_cli_args"), classes)
    named |= registered(found_function(server, "make_arg_parser"), classes)
    named |= front(classes)
    return named


def registered(function: ast.FunctionDef, classes: Classes) -> set[str]:
    """Return the flags of each add_argument() in a function that names them."""
    groups: dict[str, Kwargs] = {}  # model_kwargs = get_kwargs(ModelConfig)
    fields: dict[str, bool] = {}  # backend_kwargs = kernel_kwargs["backend"]
    looped: dict[str, list[str]] = {}  # for arg, type in [("--a", str), ("--b", bool)]
    for node in statements(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if isinstance(value, ast.Call) and is_get_kwargs(value):
                    groups[name] = classes.kwargs(ast.unparse(value.args[0]))
                elif isinstance(value, ast.Subscript) and (
                    found := field_of(value, groups, classes)
                ):
                    fields[name] = found[1]
            case ast.For(target=ast.Tuple(elts=[ast.Name(id=name), *_]), iter=ast.List(elts=rows)):
                pairs = (ast.literal_eval(r.elts[0]) for r in rows if isinstance(r, ast.Tuple))
                looped[name] = [str(flag) for flag in pairs]

    named: set[str] = set()
    for call in calls(function, "add_argument"):
        options: list[str] = []
        for argument in call.args:
            match argument:
                case ast.Constant(value=str() as text):
                    options.append(text)
                case ast.Name(id=name) if name in looped:
                    options += looped[name]
                case _:
                    raise UnreadableError(f"add_argument({ast.unparse(argument)})")
        if options[0].startswith("-"):
            named |= forms(options, any(switches(call, groups, fields, classes)))
    return named


def front(classes: Classes) -> set[str]:
    """Return the flags of FrontendArgs: one for each field, named after it."""
    owners = [classes.classes["FrontendArgs"]]
    owners += [c for b in owners[0].bases if (c := classes.classes.get(ast.unparse(b)))]
    switch = classes.kwargs("FrontendArgs")
    added = [
        ast.unparse(call.args[-1]) for owner in owners for call in calls(owner, "add_argument")
    ]
    if added != ["f\"--{key.replace('_', '-')}\""]:
        raise UnreadableError(f"FrontendArgs adds {added}")
    for owner in owners:
        for node in ast.walk(owner):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                target = ast.unparse(node.targets[0])
                field = re.fullmatch(r"frontend_kwargs\['(\w+)'\]\['(action|flags)'\]", target)
                if field and (field[2] == "flags" or switch[field[1]]):
                    raise UnreadableError(f"FrontendArgs changes {target}")
    named: set[str] = set()
    for name, is_switch in switch.items():
        named |= forms([f"--{name.replace('_', '-')}"], is_switch)
    return named


def is_get_kwargs(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_kwargs"
    )


def field_of(
    node: ast.Subscript, groups: Mapping[str, Kwargs], classes: Classes
) -> tuple[str, bool] | None:
    """Return the field that `x_kwargs["field"]` or `get_kwargs(X)["field"]` names."""
    if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
        return None
    name = node.slice.value
    if isinstance(node.value, ast.Call) and is_get_kwargs(node.value):
        return name, classes.kwargs(ast.unparse(node.value.args[0]))[name]
    if isinstance(node.value, ast.Name) and node.value.id in groups:
        if name not in groups[node.value.id]:
            raise UnreadableError(f"no field for {ast.unparse(node)}")
        return name, groups[node.value.id][name]
    return None


def switches(
    call: ast.Call, groups: Mapping[str, Kwargs], fields: Mapping[str, bool], classes: Classes
) -> Iterator[bool]:
    """Yield for each keyword that decides it whether the flag has a --no- form."""
    for keyword in call.keywords:
        if keyword.arg == "action":
            yield ast.unparse(keyword.value) == "argparse.BooleanOptionalAction"
        if keyword.arg is not None:
            continue
        known = []
        for node in ast.walk(keyword.value):
            if isinstance(node, ast.Name) and node.id in fields:
                known.append(fields[node.id])
            if isinstance(node, ast.Subscript) and (found := field_of(node, groups, classes)):
                known.append(found[1])
        if len(known) != 1:
            raise UnreadableError(f"add_argument(**{ast.unparse(keyword.value)})")
        yield known[0]


def forms(options: list[str], is_switch: bool) -> set[str]:
    """Return the flags as argparse has them: a switch gets a --no- form for each long one."""
    long = [option for option in options if option.startswith("--")]
    return {*options, *(f"--no-{option[2:]}" for option in long if is_switch)}
