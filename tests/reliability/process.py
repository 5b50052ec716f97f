"""What a process holds, as Linux tells it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LISTENING = "0A"


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
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *children(child)] if alive(child) else []
    return found


def alive(pid):
    """Say whether there is a process `pid` that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
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
        except FileNotFoundError:  # closed while we looked
            continue
    return found


def _status_kib(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
