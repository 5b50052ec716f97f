"""Make lib/warmbook/data/vllm_versions.json: what each released vLLM accepts, from its source.

Origin: the source distributions of `vllm` (Apache-2.0), read as text and never run. Kept for
each release: the flags of the API server, the keys of the `runai_streamer` loader, which
runai-model-streamer it asks for, whether the loader hands out its own copy of each tensor, and
which lines it logs. Left out: flags that a hardware plugin adds by itself. The same input gives
the same bytes.

    python tools/vllm_versions.py                                read all releases, write the file
    python tools/vllm_versions.py --only 0.32.0,0.17.0 --check   read two, fail on a difference
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

OLDEST, NEWEST = "0.11.1", "0.33.0"
TARGET = Path(__file__).parents[1] / "lib/warmbook/data/vllm_versions.json"

ENGINE = "vllm/engine/arg_utils.py"
LOADER = "vllm/model_executor/model_loader/runai_streamer_loader.py"
WEIGHTS = "vllm/model_executor/model_loader/weight_utils.py"
REFUSAL = "Unexpected extra config keys"
LINES = (
    "Graph capturing finished",
    "Loading weights took",
    "Model loading took",
    "Starting vLLM API server",
    "Starting vLLM server",
    "init engine",
)

Facts = dict[str, Any]
Kwargs = Mapping[str, bool]  # a field's name -> is it a switch, with a --no- form beside it


class UnreadableError(Exception):
    """The source says it in a way that this script does not know: extend the script."""


def main(arguments: list[str] | None = None) -> int:
    """Read releases and write the file, or with --check compare; return 1 if they differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="versions, with commas between")
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    options = parser.parse_args(arguments)
    if options.only and not options.check:
        parser.error("--only goes with --check: the file is written from all releases at once")
    versions = options.only.split(",") if options.only else released()

    read: dict[str, Facts] = {}
    for version in versions:
        if (facts := facts_of(version)) is None:
            print(f"{version}: no source distribution, left out")
            continue
        read[version] = facts
        print(f"{version}: {len(facts['flags'])} flags, {facts['streamer']}", flush=True)

    if options.check:
        data = json.loads(TARGET.read_text("utf-8"))
        wrong = {version for version, facts in read.items() if facts != unpacked(data, version)}
        wrong |= set(versions) - set(read)
        if not options.only:
            wrong |= set(data["covered"]) ^ set(read)
        print(f"{TARGET.name}: {'differs for ' + ', '.join(sorted(wrong)) if wrong else 'agrees'}")
        return 1 if wrong else 0
    text = written(packed(read))
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: {len(text.encode())} bytes, {len(read)} versions")
    return 0


# -- Releases ------------------------------------------------------------------------------


def released() -> list[str]:
    """Return the final releases from OLDEST to NEWEST that the package index has, oldest first."""
    command = [sys.executable, "-m", "pip", "index", "versions", "vllm"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Available versions: (.*)", said)
    if not found:
        raise UnreadableError("pip does not list the versions of vllm")
    versions = (v for v in found[1].split(", ") if re.fullmatch(r"\d+\.\d+\.\d+", v))
    return sorted((v for v in versions if key(OLDEST) <= key(v) <= key(NEWEST)), key=key)


def key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def facts_of(version: str) -> Facts | None:
    """Download one release, read it, delete it; None where there is no source distribution."""
    with tempfile.TemporaryDirectory() as folder:
        source = unpack(version, Path(folder))
        return read_source(source) if source else None


def unpack(version: str, folder: Path) -> Path | None:
    """Return where the unpacked source of a release is, below `folder`.

    pip would run vLLM's build to learn what it needs. Told to look first whether the build's
    own packages are here, it stops before that, because they are not; told to clean nothing,
    it leaves the source.
    """
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir", "--no-deps"),
        *("--no-binary", "vllm", "--no-build-isolation", "--check-build-dependencies"),
        *("--no-clean", "--dest", str(folder / "dest"), f"vllm=={version}"),
    ]
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    for source in folder.glob("pip-*/vllm_*"):
        if (source / ENGINE).is_file():
            return source
    if "No matching distribution found" in done.stderr:
        return None
    raise UnreadableError(f"pip left no source of vllm {version}: {done.stderr[-500:]}")


# -- Reading -------------------------------------------------------------------------------


def read_source(root: Path) -> Facts:
    """Return what one unpacked release says, each fact a sorted list of words."""
    loader = found_class(tree_of(root / LOADER), "RunaiModelStreamerLoader")
    iterator = found_function(tree_of(root / WEIGHTS), "runai_safetensors_weights_iterator")
    traits = {
        "copies tensors": any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "clone"
            for node in ast.walk(iterator)
        ),
        "refuses unknown keys": any(
            isinstance(node, ast.Raise) and REFUSAL in ast.unparse(node)
            for node in ast.walk(loader)
        ),
    }
    return {
        "flags": sorted(flags(root)),
        "lines": sorted(lines(root)),
        "loader_keys": sorted(loader_keys(loader)),
        "streamer": [streamer(root)],
        "traits": sorted(name for name, holds in traits.items() if holds),
    }


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


def loader_keys(loader: ast.ClassDef) -> set[str]:
    """Return the keys that the loader names as allowed, else those that it asks for."""
    allowed: set[str] = set()
    asked: set[str] = set()
    for node in ast.walk(loader):
        match node:
            case ast.Assign(targets=[ast.Name(id="allowed_keys")], value=value):
                allowed |= ast.literal_eval(value)
            case ast.Compare(
                left=ast.Constant(value=str() as word),
                ops=[ast.In()],
                comparators=[ast.Name(id="extra_config")],
            ):
                asked.add(word)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="extra_config"), attr="get"),
                args=[ast.Constant(value=str() as word), *_],
            ):
                asked.add(word)
    if not asked or (allowed and not asked <= allowed):
        raise UnreadableError(f"the loader asks for {asked}, allows {allowed}")
    return allowed or asked


def streamer(root: Path) -> str:
    """Return the requirement of the extra `runai`; the official image must ask for the same."""
    extra = next(
        ast.literal_eval(value)
        for node in ast.walk(tree_of(root / "setup.py"))
        if isinstance(node, ast.Dict)
        for name, value in zip(node.keys, node.values, strict=True)
        if isinstance(name, ast.Constant) and name.value == "runai"
    )
    dockerfile = (root / "docker/Dockerfile").read_text("utf-8")
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


def lines(root: Path) -> set[str]:
    """Return those of LINES that some call of a logger begins with."""
    said: set[str] = set()
    for path in sorted((root / "vllm").rglob("*.py")):
        text = path.read_text("utf-8")
        if not any(line.rpartition(" ")[0] in text for line in LINES):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
                words = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
                texts = [word for word in words if isinstance(word, str)]
                said |= {line for line in LINES if any(t.startswith(line) for t in texts)}
    return said


# -- Flags: what the calls of add_argument would register ----------------------------------


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


def method(owner: ast.ClassDef, name: str) -> ast.FunctionDef:
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise UnreadableError(f"{owner.name} has no {name}")


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


# -- The file: each word under the releases that have it -----------------------------------


def packed(read: Mapping[str, Facts]) -> Facts:
    """Return the facts of all releases, each word once for each run of releases with it."""
    covered = sorted(read, key=key)
    data: Facts = {"covered": covered}
    for fact in sorted({fact for facts in read.values() for fact in facts}):
        spans: dict[tuple[int, int], list[str]] = {}
        for word in sorted({word for facts in read.values() for word in facts[fact]}):
            for span in runs([word in read[version][fact] for version in covered]):
                spans.setdefault(span, []).append(word)
        data[fact] = {
            f"{covered[first]}..{covered[last]}": words
            for (first, last), words in sorted(spans.items())
        }
    return data


def runs(holds: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of each run of True."""
    first = None
    for index, held in enumerate([*holds, False]):
        if held and first is None:
            first = index
        if not held and first is not None:
            yield first, index - 1
            first = None


def unpacked(data: Facts, version: str) -> Facts:
    """Return the facts of one release as read_source() gave them."""
    return {
        fact: sorted(
            word
            for span, words in spans.items()
            if key(span.split("..")[0]) <= key(version) <= key(span.split("..")[1])
            for word in words
        )
        for fact, spans in data.items()
        if fact != "covered"
    }


def written(data: Facts) -> str:
    """Return the file's text: one line for each run of releases, so that a diff shows it."""
    parts = [f'"covered":{json.dumps(data["covered"], separators=(",", ":"))}']
    for fact, spans in data.items():
        if fact != "covered":
            rows = ",\n".join(
                f" {json.dumps(span)}:{json.dumps(words, separators=(',', ':'))}"
                for span, words in spans.items()
            )
            parts.append(f'"{fact}":{{\n{rows}}}')
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    sys.exit(main())
