"""One request to the API server: what it asks about, its options, its body."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import yaml
from aiohttp import web

from . import go_json, protobuf
from .decoding import Validation
from .errors import ApiError, bad_request
from .kinds import Kind
from .objects import Obj
from .runtime import PodRuntime
from .store import Store

Patch = Literal["apply", "strategic", "merge", "json"]

_JSON = "application/json"
_YAML = "application/yaml"
_PROTOBUF = "application/vnd.kubernetes.protobuf"
_MOST_YAML_NODES = 500_000
_PATCHES: Mapping[str, Patch] = {
    "application/apply-patch+yaml": "apply",
    "application/strategic-merge-patch+json": "strategic",
    "application/merge-patch+json": "merge",
    "application/json-patch+json": "json",
}


@dataclass(frozen=True)
class Call:
    """A request about one kind; `namespace` is None for all of them, `name` "" for a list."""

    request: web.Request
    store: Store
    runtime: PodRuntime
    kind: Kind
    namespace: str | None
    name: str
    subresource: str

    def option(self, name: str) -> str:
        """Return a query parameter, "" if it is not given."""
        return self.request.query.get(name, "")

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter says yes."""
        return self.option(name).lower() in ("true", "1")

    def number(self, name: str) -> int | None:
        """Return a query parameter as a number, None if it is not given.

        Raises:
            ApiError: 400, it is no number.
        """
        text = self.option(name)
        if not text:
            return None
        if not (text.isascii() and text.lstrip("-").isdecimal() and len(text) < 19):
            raise bad_request(f'strconv.ParseInt: parsing "{text[:40]}": invalid syntax')
        return int(text)

    @property
    def manager(self) -> str:
        """The field manager: as asked for, or the program's name."""
        agent = self.request.headers.get("User-Agent", "unknown").partition("/")[0]
        return self.option("fieldManager") or agent[:128] or "unknown"

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be stored.

        Raises:
            ApiError: 422, another value than All.
        """
        values = self.request.query.getall("dryRun", [])
        if any(value != "All" for value in values):
            said = f'dryRun: Unsupported value: "{values[0]}": supported values: "All"'
            raise ApiError(422, "Invalid", f'Options.meta.k8s.io "" is invalid: {said}')
        return bool(values)

    @property
    def validation(self) -> Validation:
        """What to do about unknown fields; Warn if nothing is said.

        Raises:
            ApiError: 422, no such way.
        """
        wanted = self.option("fieldValidation") or "Warn"
        for known in get_args(Validation):
            if wanted == known:
                return known
        said = (
            f'fieldValidation: Unsupported value: "{wanted}": supported values: "Ignore", '
            '"Strict", "Warn"'
        )
        raise ApiError(422, "Invalid", f'Options.meta.k8s.io "" is invalid: {said}')

    @property
    def patch(self) -> Patch:
        """The kind of patch that the body is.

        Raises:
            ApiError: 415, none that is known.
        """
        if found := _PATCHES.get(self.request.content_type):
            return found
        raise _unknown_format(_PATCHES)

    async def body(self) -> Any:
        """Return the body as JSON data, None if it is empty.

        Raises:
            ApiError: 400, it can't be read; 415, no format that is known.
        """
        try:
            raw = await self.request.read()
        except web.RequestPayloadError:
            raise bad_request("the body is not in the Content-Encoding that it claims") from None
        if not raw.strip():
            return None
        media = self.request.content_type
        if media == _PROTOBUF:
            return protobuf.decode(raw)
        if media in _PATCHES or media == _YAML:
            return _loaded(raw, yaml_too="yaml" in media)
        if media in (_JSON, "application/octet-stream"):  # the latter: no Content-Type at all
            return _loaded(raw, yaml_too=False)
        raise _unknown_format((_JSON, _YAML, _PROTOBUF))


def _loaded(raw: bytes, *, yaml_too: bool) -> Any:
    try:
        return json.loads(raw, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        if not yaml_too:
            raise bad_request(_unreadable(error)) from None
    try:
        return _plain(_of_yaml(raw))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise bad_request(_unreadable(error)) from None


def _unreadable(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"couldn't get version/kind; json parse error: {lines[0] if lines else 'unreadable'}"


def _no_constant(text: str) -> Any:
    raise ValueError(f"invalid character in literal {text}")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"cannot unmarshal number {text[:40]} into Go value of type float64")
    return number


class _YamlLoader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: times stay text."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the loader's own class attribute
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _of_yaml(raw: bytes) -> Any:
    """Read YAML, unless its aliases would make it grow without bounds."""
    loader = _YamlLoader(raw)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _expanded(node, {}) > _MOST_YAML_NODES:
            raise ValueError("yaml: document contains excessive aliasing")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the nodes there are once each alias is replaced by what it stands for."""
    if id(node) not in known:
        known[id(node)] = 0
        inside: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            inside = node.value
        elif isinstance(node, yaml.MappingNode):
            inside = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_expanded(part, known) for part in inside)
    elif not known[id(node)]:
        raise ValueError("yaml: anchor value contains itself")
    return known[id(node)]


def _plain(value: Any, depth: int = 0) -> Any:
    """Return what YAML gave as JSON data."""
    if depth > 200:
        raise ValueError("exceeded max depth")
    if isinstance(value, dict):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"json: unsupported value: {value}")
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ValueError(f"{type(value).__name__} is no JSON type")


def _unknown_format(known: Sequence[str] | Mapping[str, Patch]) -> ApiError:
    said = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", said + ", ".join(known))


def answer(body: Obj, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """Return a JSON answer, with a `Warning` header for each thing the caller should know."""
    response = answer_text(go_json.dumps(body) + "\n", status)
    for warning in warnings:
        text = warning.replace("\\", "\\\\").replace('"', '\\"')
        safe = "".join(c if " " <= c <= "~" else "?" for c in text)
        response.headers.add("Warning", f'299 - "{safe}"')
    return response


def answer_text(body: str, status: int = 200) -> web.Response:
    """Return an answer that is JSON already."""
    return web.Response(text=body, status=status, content_type=_JSON)
