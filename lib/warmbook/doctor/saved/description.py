"""What `kubectl describe` prints of a Pod, or of what makes Pods, as the objects behind it.

Source: Kubernetes, staging/src/k8s.io/kubectl/pkg/describe/describe.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from ...cloud.objects import Object
from .table import moment

_BEGIN = re.compile(r"^Name: +(\S+)", re.MULTILINE)
_EVENT = re.compile(r"^ {2}(Normal|Warning) +(\S+) +(\S+(?: \(x\d+ over \S+\))?) +(\S+) +(.*)")
_FIELD = re.compile(r"^( *)([A-Z][\w ()-]*?):(?: +(.*))?$")
_COUNT = re.compile(r"\(x(\d+) over")
_STATES = {"State": "state", "Last State": "lastState"}
_PARTS = {"Init Containers": "initContainerStatuses", "Containers": "containerStatuses"}
_WORDS = {"Waiting": "waiting", "Running": "running", "Terminated": "terminated"}


def is_one(content: str) -> bool:
    """Say whether a text is such a description."""
    return _BEGIN.search(content) is not None and "\nEvents:" in content


def objects(content: str) -> Iterator[Object]:
    """Yield each object that is described, and its events."""
    begins = [found.start() for found in _BEGIN.finditer(content)]
    for start, end in pairwise([*begins, len(content)]):
        lines = content[start:end].split("\n")
        name = lines[0].partition(":")[2].strip()
        is_pod = any(line.startswith(("Node:", "Service Account:", "IPs:")) for line in lines)
        has_containers = any(line.startswith("Containers:") for line in lines)
        kind = "Pod" if is_pod and has_containers else "Deployment"
        yield _described(kind, name, lines)
        yield from (e for line in lines if (e := _event(kind, name, line)))


def _event(kind: str, name: str, line: str) -> Object | None:
    if (found := _EVENT.match(line)) is None:
        return None
    type_, reason, age, _, message = found.groups()
    count = _COUNT.search(age)
    return {
        "reason": reason,
        "message": message.strip(),
        "type": type_,
        "lastTimestamp": moment(age),
        "count": int(count[1][:9]) if count else 1,
        "involvedObject": {"kind": kind, "name": name},
    }


def _described(kind: str, name: str, lines: Sequence[str]) -> Object:
    fields = {
        f[2]: (f[3] or "").strip() for line in lines if (f := _FIELD.match(line)) and not f[1]
    }
    node = fields.get("Node", "<none>").partition("/")[0]
    status: dict[str, Any] = {name: list(_containers(lines, part)) for part, name in _PARTS.items()}
    status.update(reason=fields.get("Reason", ""), message=fields.get("Message", ""))
    status["conditions"] = list(_conditions(lines))
    spec = {} if node in ("<none>", "") else {"nodeName": node}
    return {"kind": kind, "metadata": {"name": name}, "spec": spec, "status": status}


def _conditions(lines: Sequence[str]) -> Iterator[Object]:
    """Yield a Deployment's conditions: type, status, reason; the message is in no description."""
    part = _part(lines, "Conditions")
    for line in part:
        words = line.split()
        if len(words) >= 2 and words[1] in ("True", "False", "Unknown"):
            yield {"type": words[0], "status": words[1], "reason": " ".join(words[2:])}


def _containers(lines: Sequence[str], part: str) -> Iterator[Object]:
    """Yield the status of each container of a part: its name is at two blanks, fields at four."""
    status: dict[str, Any] = {}
    place: dict[str, Any] = {}
    for line in _part(lines, part):
        found = _FIELD.match(line) or re.match(r"^( {2})(\S+):()$", line)
        if found is None:
            continue
        indent, name, value = len(found[1]), found[2], (found[3] or "").strip()
        if indent == 2:
            if status:
                yield status
            status = {"name": name, "restartCount": 0}
        elif name in _STATES:
            place = status.setdefault(_STATES[name], {}).setdefault(_WORDS.get(value, value), {})
        elif name == "Restart Count" and value.isdigit():
            status["restartCount"] = int(value[:6])
        elif name == "Image":
            status["image"] = value
        elif name == "Ready":
            status["ready"] = value == "True"
        elif indent == 6 and name in ("Reason", "Message"):
            place[name.lower()] = value
        elif indent == 6 and name == "Exit Code" and value.lstrip("-").isdigit():
            place["exitCode"] = int(value[:6])
    if status:
        yield status


def _part(lines: Sequence[str], title: str) -> Iterator[str]:
    inside = False
    for line in lines:
        if line and not line.startswith(" "):
            inside = line.startswith(f"{title}:")
        elif inside:
            yield line
