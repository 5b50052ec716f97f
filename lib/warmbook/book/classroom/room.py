"""Whether a machine has room for a class; `make bench BENCH="--only class"` measures a seat."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...errors import SettingsError
from ...texts import say
from ...units import size

MIB = 2**20


@dataclass(frozen=True)
class Needs:
    """What a seat takes at its fullest, in bytes: a server deployed, and all notebooks open.

    Above what was measured with seven notebooks open: JupyterLab keeps the kernel of each
    notebook until it is shut down, and notebook 09 downloads the model.
    """

    memory_bytes: int
    disk_bytes: int


PER_SEAT = {
    "quick": Needs(memory_bytes=1500 * MIB, disk_bytes=500 * MIB),
    "vllm": Needs(memory_bytes=4000 * MIB, disk_bytes=500 * MIB),
}
"""By the rehearsal's engine."""


def check_room(count: int, engine: str, folder: Path) -> None:
    """Refuse to start more seats than the machine has memory and disk for.

    Raises:
        SettingsError: One of them won't do; names what there is and what is needed.
    """
    needs = PER_SEAT[engine]
    memory = available_bytes()
    if count * needs.memory_bytes > memory:
        raise _too_small(say("memory"), memory, needs.memory_bytes, count)
    for place in (_existing(folder), Path(tempfile.gettempdir())):
        free = shutil.disk_usage(place).free
        if count * needs.disk_bytes > free:
            raise _too_small(say("disk at {path}", path=place), free, needs.disk_bytes, count)


def _existing(folder: Path) -> Path:
    """Return the nearest folder that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def _too_small(what: str, there: int, each: int, count: int) -> SettingsError:
    most = there // each
    return SettingsError(
        say(
            "Not enough {what}: {each} per seat, {needed} in all; {there} available.",
            what=what,
            each=size(each),
            needed=size(count * each),
            there=size(there),
        ),
        remedy=say("Seats that fit here: {most}. For more, use a larger machine.", most=most),
    )


def available_bytes(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the memory that programs can still take, also where a container has a limit.

    Sources: proc(5), MemAvailable; the kernel's cgroup-v2, memory.max and memory.current.
    """
    told = (proc / "meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in told if line.startswith("MemAvailable:"))
    try:
        limit, used = (
            (groups / f"memory.{name}").read_text().strip() for name in ("max", "current")
        )
    except OSError:
        return free
    return free if limit == "max" else max(0, min(free, int(limit) - int(used)))
