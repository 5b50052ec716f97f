import os
import tempfile
from pathlib import Path

import pytest

LISTENS = "0A"


def read(path):
    """Return what a file holds, nothing if it is gone: others end their rehearsals meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""


def processes():
    """Return the processes that this one has started and that have not ended."""
    threads = Path("/proc/self/task").iterdir()
    return {child for thread in threads for child in read(thread / "children").split()}


def folders():
    """Return the state folders of this process's rehearsals."""
    found = Path(tempfile.gettempdir()).glob("warmbook-rehearsal-*/pid")
    return {pid.parent for pid in found if read(pid) == str(os.getpid())}


def ports():
    """Return the sockets on which this process listens."""
    rows = [line.split() for line in read(Path("/proc/self/net/tcp")).splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == LISTENS}
    return {link for link in map(opened, Path("/proc/self/fd").iterdir()) if link in listening}


def opened(descriptor):
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    """No fault leaves a process, a file or a port; set up first, so this looks last."""
    before = processes(), folders(), ports()
    yield
    assert (processes(), folders(), ports()) == before
