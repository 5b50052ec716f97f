"""Reads the protobuf bodies that kubectl sends for typed creates; answers are always JSON.

Source: k8s.io/api/*/v1/generated.proto (field numbers), k8s.io/apimachinery runtime.Unknown.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ApiError, bad_request
from .objects import Obj

_MAGIC = b"k8s\0"


@dataclass(frozen=True)
class _Field:
    """One field: its JSON name and how to read it."""

    name: str
    type: str = "string"
    """string, int, bool, bytes, message, map (string -> string), bytes_map, quantity_map."""
    of: str = ""
    """For messages: which one."""
    many: bool = False
    kept: bool = False
    """Whether it says something where it is empty: a pointer in Go."""


def _fields(text: str) -> dict[int, _Field]:
    """Read lines `NUMBER NAME [TYPE]`.

    A TYPE with a capital is a message, `*` after it a list, `?` a field that is kept though
    empty; the NAME `-` stands for a message whose fields are the parent's own.
    """
    found: dict[int, _Field] = {}
    for line in text.strip().splitlines():
        number, name, *rest = line.split()
        written = rest[0] if rest else "string"
        kind = written.rstrip("*?")
        message = kind[0].isupper()
        found[int(number)] = _Field(
            name, "message" if message else kind, kind, "*" in written, "?" in written
        )
    return found


def _generated() -> dict[str, dict[int, _Field]]:
    """Return the messages of the file that tools/protobuf_fields.py makes."""
    text = Path(__file__).with_name("protobuf_fields.txt").read_text("utf-8")
    blocks = re.split(r"^(?=\w)", text.partition("\n")[2], flags=re.M)
    named = (block.partition("\n") for block in blocks if block)
    return {name: _fields(lines) for name, _, lines in named}


_MESSAGES: Mapping[str, dict[int, _Field]] = _generated() | {
    name: _fields(text)
    for name, text in {
        "ObjectMeta": """
            1 name
            2 generateName
            3 namespace
            5 uid
            6 resourceVersion
            8 creationTimestamp Time
            11 labels map
            12 annotations map
            13 ownerReferences OwnerReference*""",
        "OwnerReference": """
            1 kind
            3 name
            4 uid
            5 apiVersion
            6 controller bool?
            7 blockOwnerDeletion bool?""",
        "Namespace": "1 metadata ObjectMeta\n2 spec Empty\n3 status Empty",
        "ServiceAccount": "1 metadata ObjectMeta\n4 automountServiceAccountToken bool",
        "ConfigMap": "1 metadata ObjectMeta\n2 data map\n3 binaryData bytes_map\n4 immutable bool",
        "Secret": "1 metadata ObjectMeta\n2 data bytes_map\n3 type\n4 stringData map",
        "SelfSubjectAccessReview": "1 metadata ObjectMeta\n2 spec Review\n3 status Empty",
        "SelfSubjectRulesReview": "1 metadata ObjectMeta\n2 spec RulesOf\n3 status Empty",
        "RulesOf": "1 namespace",
        "SelfSubjectReview": "1 metadata ObjectMeta\n2 status Empty",
        "Review": "1 resourceAttributes Attributes\n2 nonResourceAttributes NonResource",
        "NonResource": "1 path\n2 verb",
        "Attributes": """
            1 namespace
            2 verb
            3 group
            4 version
            5 resource
            6 subresource
            7 name""",
        "Deployment": "1 metadata ObjectMeta\n2 spec DeploymentSpec\n3 status Empty",
        "LabelSelector": "1 matchLabels map\n2 matchExpressions LabelSelectorRequirement*",
        "LabelSelectorRequirement": "1 key\n2 operator\n3 values string*",
        "Job": "1 metadata ObjectMeta\n2 spec JobSpec\n3 status Empty",
        "Pod": "1 metadata ObjectMeta\n2 spec PodSpec\n3 status Empty",
        "Service": "1 metadata ObjectMeta\n2 spec ServiceSpec\n3 status Empty",
        "Time": "",
        "Empty": "",
    }.items()
}


def decode(raw: bytes) -> Obj:
    """Return the object in an envelope of Kubernetes' protobuf.

    Raises:
        ApiError: 400, it is broken; 415, it has a kind or a field that is not read here.
    """
    if not raw.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = dict(_parts(raw[len(_MAGIC) :]))
        meta = dict(_parts(envelope[1]))
        version, kind = meta[1].decode(), meta[2].decode()
        if kind not in _MESSAGES or not version:
            raise _unread(kind)
        return {"apiVersion": version, "kind": kind, **_message(kind, envelope.get(2, b""))}
    except (IndexError, KeyError, UnicodeDecodeError, AttributeError, TypeError):
        raise bad_request("the protobuf message is broken") from None


def _unread(what: str) -> ApiError:
    said = f"the rehearsal does not read {what} over protobuf; send application/json"
    return ApiError(415, "UnsupportedMediaType", said)


def _parts(raw: bytes) -> Iterator[tuple[int, Any]]:
    """Yield (field number, bytes or int) for each field on the wire."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        if tag & 7 == 2:
            length, at = _varint(raw, at)
            if at + length > len(raw):
                raise IndexError(length)
            yield tag >> 3, raw[at : at + length]
            at += length
        elif tag & 7 == 0:
            value, at = _varint(raw, at)
            yield tag >> 3, value
        else:
            raise IndexError(tag)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise IndexError(at)


def _message(kind: str, raw: bytes) -> Any:
    if kind == "IntOrString":
        parts = dict(_parts(raw))
        return parts[3].decode() if parts.get(1) else parts.get(2, 0)
    if kind == "Quantity":
        return dict(_parts(raw))[1].decode()
    known = _MESSAGES[kind]
    decoded: Obj = {}
    for number, value in _parts(raw):
        field = known.get(number)
        if field is None:
            # what is empty or zero says nothing; all else must not be lost silently
            if value and kind not in ("Empty", "Time"):
                raise _unread(f"field {number} of {kind}")
        elif field.type in ("map", "bytes_map", "quantity_map"):
            key, inner = _entry(value)
            decoded.setdefault(field.name, {})[key] = _text(field.type, inner)
        elif field.name == "-":
            decoded |= _value(field, value)
        elif field.many:
            decoded.setdefault(field.name, []).append(_value(field, value))
        elif (found := _value(field, value)) or field.kept or field.name == "spec":
            decoded[field.name] = found
    decoded.pop("creationTimestamp", None)
    return decoded


def _entry(raw: bytes) -> tuple[str, bytes]:
    parts = dict(_parts(raw))
    return parts.get(1, b"").decode(), parts.get(2, b"")


def _text(type_: str, raw: bytes) -> str:
    match type_:
        case "bytes_map":
            return base64.b64encode(raw).decode()
        case "quantity_map":
            return _message("Quantity", raw)
    return raw.decode()


def _value(field: _Field, value: Any) -> Any:
    if isinstance(value, int) != (field.type in ("int", "bool")):
        raise TypeError(field.name)  # the other kind of wire
    match field.type:
        case "message":
            return _message(field.of, value)
        case "int":
            return value - (1 << 64) if value >> 63 else value
        case "bytes":
            return base64.b64encode(value).decode()
        case "bool":
            return bool(value)
    return value.decode()
