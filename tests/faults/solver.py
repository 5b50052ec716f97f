"""Solves a round of the gym as a learner would: from the text of its card, and nothing else.

The words are the doctor's own: what an API refuses, what an event says, what the log ends with.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import yaml

from warmbook.cloud import api_errors
from warmbook.doctor.pods import Evidence, diagnose
from warmbook.errors import WarmbookError

Obj = dict[str, Any]

CONTAINER = "vllm-container"

CLAIMED = {
    r"billing is on": "billing-off",
    r"the file is truncated|git-lfs pointer|the index names": "shard-broken",
    r"config\.json is missing": "config-missing",
    r"config\.json can't be read": "config-broken",
    r"no tokenizer files": "tokenizer-unreadable",
    r"no safetensors files|in a folder below": "weights-not-found",
    r"an adapter next to the weights": "weights-of-another-model",
    r"GKE could not create the cluster": "operation-failed",
}
"""What the workbook itself says of the project, of the model's folder and of the cluster."""

CLIENT = {
    r"Connection refused|Max retries exceeded|Failed to establish": "unreachable",
    r"need to refresh the access token|credentials": "credentials-expired",
}
"""What a client says that got no answer."""

DISABLED = "SERVICE_DISABLED"
_OFF = re.compile(r"has not been used in project \S+ before or it is disabled")
"""Cloud Storage gives its reason beside the message, where no card shows it."""
_REASON = re.compile(r"'reason': '(\w+)'")
_REFUSED = re.compile(r"^(\d{3}) (?:[A-Z]+ \S+: )?(.*)", re.DOTALL)
_ANSWERED = re.compile(r"^\(?(\d{3})\)?\s*Reason: ", re.MULTILINE)
_BODY = re.compile(r"HTTP response body: (\{.*\})")
_ENDED = re.compile(r"exit code (\d+) \((\w*)\)")
_EVERY_START = (
    *("FailedScheduling", "TriggeredScaleUp", "Scheduled", "Pulling", "Pulled", "Created"),
    *("Started", "SuccessfulCreate", "BackOff", "Unhealthy"),
)
"""Reasons of events that a server's start has anyway, or that only count its restarts."""
_OWN = re.compile(
    r"127(?:\.\d+){3}:\d+|vllm-streamer-deployment-\S+|port=\d+|\d\d:\d\d:\d\d|'Content-Length'.*?,"
)
"""Addresses, Pods and times of one rehearsal."""
_PLACED = re.compile(r"Successfully assigned \S+/(\S+) to (\S+)")


@dataclass(frozen=True)
class Shown:
    """What a card shows: what was answered, the Pods, the events as (reason, message), the server's
    container and its log."""

    said: str
    pods: Sequence[tuple[str, str]]
    events: Sequence[tuple[str, str]]
    container: Obj
    log: str


def answer(card: str) -> str:
    """Return the pitfall that a card of the gym shows, as HTML; "" where it tells none."""
    shown = read(card)
    return _of_answer(shown.said) if shown.said else _of_pods(shown)


def evidence_of(card: str) -> str:
    """Return what a card tells of the cause, without the names and numbers of one rehearsal.

    Two cards for which it is the same can't be told apart, however they are read.
    """
    shown = read(card)
    ends = [_ENDED.sub("", state).split(", ")[0] for _, state in shown.pods]
    codes = {found[0] for _, state in shown.pods if (found := _ENDED.search(state))}
    events = {f"{reason}: {said}" for reason, said in shown.events if reason not in _EVERY_START}
    lines = {shown.said, *shown.log.splitlines(), yaml.safe_dump(shown.container)}
    count = f"{len(shown.pods)} Pods"  # one that still has the GPU may be Pending as well
    told = "\n".join(sorted({count, *ends, *codes, *events, *lines}))
    return _OWN.sub("·", told)


def read(card: str) -> Shown:
    """Read a card as the reader of a notebook sees it."""
    rows = [(_text(label), _text(value)) for label, value in _rows(card)]
    return Shown(
        said="\n".join(value for label, value in rows if label == "what was answered"),
        pods=[(label.removeprefix("Pod "), value) for label, value in rows if _is_pod(label)],
        events=[one for one in rows if one[0] != "what was answered" and not _is_pod(one[0])],
        container=yaml.safe_load(_folded(card, "The server's container")) or {},
        log=_folded(card, "Last lines of the log"),
    )


def _rows(card: str) -> Iterator[tuple[str, str]]:
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", card, re.DOTALL):
        _, label, value = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        yield label, value


def _folded(card: str, title: str) -> str:
    """Return the text that the card hides behind a line which begins with this title."""
    for summary, text in re.findall(
        r"<summary[^>]*>(.*?)</summary>.*?<pre[^>]*>(.*?)</pre>", card, re.DOTALL
    ):
        if _text(summary).startswith(title):
            return _text(text)
    return ""


def _text(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", fragment))


def _is_pod(label: str) -> bool:
    return label.startswith("Pod ")


def _of_answer(said: str) -> str:
    """Return the pitfall of what a service answered, or the workbook said before there was one."""
    for words, pitfall in CLAIMED.items():
        if re.search(words, said):
            return pitfall
    if answered := _ANSWERED.search(said):
        return _kubernetes(int(answered[1]), said).pitfall
    if refused := _REFUSED.match(said):
        return _google(int(refused[1]), refused[2], said).pitfall
    return next((pitfall for words, pitfall in CLIENT.items() if re.search(words, said)), "")


def _kubernetes(code: int, said: str) -> WarmbookError:
    body = _BODY.search(said)
    status = json.loads(body[1]) if body else {}
    return api_errors.of_kubernetes(
        SimpleNamespace(status=code, body=json.dumps(status), reason=status.get("reason", ""))
    )


def _google(code: int, message: str, said: str) -> WarmbookError:
    found = _REASON.search(said)
    reason = found[1] if found else DISABLED if _OFF.search(said) else ""

    class Answer(SimpleNamespace):
        def __str__(self) -> str:
            return said

    return api_errors.of_google(Answer(code=code, message=message, reason=reason, errors=()))


def _of_pods(shown: Shown) -> str:
    """Return the likeliest pitfall of the Pods, those first that wait for a node."""
    pods = [_pod(name, state, shown) for name, state in shown.pods] or [None]
    found = []
    for pod in sorted(pods, key=lambda pod: bool(pod and pod["spec"].get("nodeName"))):
        evidence = Evidence(
            pod=pod,
            events=[{"reason": reason, "message": message} for reason, message in shown.events],
            log=shown.log,
            others=[other for other in pods if other and other is not pod],
        )
        found += [one.pitfall for one in diagnose(evidence)]
    return next(iter(found), "")


def _pod(name: str, state: str, shown: Shown) -> Obj:
    """Return a Pod as the card's row and the events tell it."""
    phase, *more = state.split(", ")
    container: Obj = {"name": CONTAINER, "restartCount": 0}
    if more and re.fullmatch(r"[A-Z]\w+", more[0]):
        container["state"] = {"waiting": {"reason": more[0]}}
    if ended := _ENDED.search(state):
        terminated = {"exitCode": int(ended[1]), "reason": ended[2]}
        container["lastState"] = {"terminated": terminated}
        container["restartCount"] = 1
    nodes = dict(found.groups() for _, said in shown.events if (found := _PLACED.search(said)))
    return {
        "metadata": {"name": name, "labels": {"pod-template-hash": name.split("-")[-2]}},
        "spec": {
            "containers": [{**shown.container, "name": CONTAINER}],
            **({"nodeName": nodes[name]} if name in nodes else {}),
        },
        "status": {"phase": phase, "containerStatuses": [container]},
    }
