"""What a process holds, as Linux tells it."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from warmbook_rehearsal.node import process

INIT = str(process.INIT)
LISTENING = "0A"
GONE = (FileNotFoundError, ProcessLookupError)
"""Raised where a process or a thread ends while it is looked at: by opening, by reading."""
GROWTH = 0.05
"""How much more memory may be held at the end than half-way, as a share."""


@dataclass(frozen=True)
class Holding:
    """What a process holds at one moment; `memory_mib` is its resident memory."""

    memory_mib: float
    children: int
    files: int
    ports: int
    temporary: int


def holding(pid, folder):
    """Return what the process `pid`, whose temporary files lie in `folder`, holds now."""
    return Holding(
        memory_mib=_status_kib(pid, "VmRSS") / 1024,
        children=len(children(pid)),
        files=len(_files(pid)),
        ports=len(ports(pid)),
        temporary=sum(1 for _ in Path(folder).rglob("*")),
    )


def children(pid):
    """Return the ids of the processes below `pid`."""
    found = []
    with suppress(*GONE):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in _children_of(task):
                found += [child, *children(child)] if alive(child) else []
    return found


def _children_of(task):
    with suppress(*GONE):
        return [int(child) for child in (task / "children").read_text().split()]
    return []


def at_rest(pid, folder):
    """Return what the process holds once the connections of a kernel that ended are closed."""
    looks = []
    for _ in range(5):
        looks.append(holding(pid, folder))
        time.sleep(0.1)
    return min(looks, key=lambda one: one.files)


def growth(values):
    """Return by which share values grow over their last half, by the line that fits them best."""
    last = values[len(values) // 2 :]
    count, mean = len(last), sum(last) / len(last)
    middle = (count - 1) / 2
    spread = sum((n - middle) ** 2 for n in range(count))
    slope = sum((n - middle) * (value - mean) for n, value in enumerate(last)) / spread
    return slope * (count - 1) / mean


def containers(pid):
    """Return the ids of the processes 1 of containers that the rehearsal in `pid` runs."""
    return [child for child in children(pid) if INIT in _words(child)]


def answers(port):
    """Say whether something accepts connections on a port of this machine."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def alive(pid):
    """Say whether there is a process `pid` that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except GONE:
        return False


def ports(pid):
    """Return the addresses on which the process listens, as (hex address, port)."""
    held = {link for link in _files(pid) if link.startswith("socket:")}
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    listening = [row for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in held]
    return {(row[1].partition(":")[0], int(row[1].partition(":")[2], 16)) for row in listening}


def _files(pid):
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except GONE:  # closed while we looked
            continue
    return found


def _words(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except GONE:  # it has ended
        return []


def _status_kib(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
