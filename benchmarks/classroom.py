"""What a seat of a class takes: memory, disk, and the seconds of a reset. Prints JSON.

Each seat gets JupyterLab in a rehearsal, as `warmbook class start` starts it. The guide then runs
up to a server as a learner runs it: each notebook in a kernel of the seat's JupyterLab, which
stays open until it is shut down.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jupyter_client.blocking import BlockingKernelClient

from warmbook.book.classroom import start
from warmbook.book.classroom.processes import below
from warmbook.book.classroom.reset import reset
from warmbook.book.classroom.seats import Seat
from warmbook.book.classroom.stop import stop

RESETS = 3
UP_TO_A_SERVER = ("01", "02", "03", "04", "05", "06", "07")
CELL_S = 600


def main() -> None:
    """Start a class, let every seat deploy a server, reset one, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("--seats", type=int, default=2, help="how many (2)")
    parser.add_argument("--engine", choices=("quick", "vllm"), default="quick", help="(quick)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = start.Course(Path(folder), options.engine, ("en",))
        seats = start.start(options.seats, course, lambda *_: None)
        try:
            print(json.dumps(measured(seats)))
        finally:
            stop(seats)


def measured(seats: Sequence[Seat]) -> dict[str, float]:
    """Return a seat's memory and disk in MiB, and the seconds of a reset."""
    idle = statistics.mean(map(memory_mib, seats))
    opened = [(one, work_through(one)) for one in seats]
    open_mib = statistics.mean(map(memory_mib, seats))
    for one, sessions in opened:
        for session in sessions:
            ask(one, f"sessions/{session}", "DELETE")
    return {
        "idle_mib": idle,
        "open_mib": open_mib,
        "server_mib": statistics.mean(map(memory_mib, seats)),
        "disk_mib": statistics.mean(map(disk_mib, seats)),
        "reset_s": statistics.median(reset(seats[0]) for _ in range(RESETS)),
    }


def work_through(one: Seat) -> list[str]:
    """Run the notebooks up to a server; return the sessions, whose kernels stay open."""
    runtime = Path(environ_of(one)["JUPYTER_RUNTIME_DIR"])
    sessions = []
    for number in UP_TO_A_SERVER:
        book = next((one.work / "en").glob(f"{number}_*.ipynb"))
        wanted = {"path": f"en/{book.name}", "name": book.name, "type": "notebook"}
        session = ask(one, "sessions", "POST", {**wanted, "kernel": {"name": "python3"}})
        run_cells(book, runtime / f"kernel-{session['kernel']['id']}.json")
        sessions.append(str(session["id"]))
    return sessions


def run_cells(book: Path, connection: Path) -> None:
    """Run the code cells of a notebook in the kernel of this connection file.

    Raises:
        RuntimeError: A cell failed.
    """
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    try:
        for cell in json.loads(book.read_text())["cells"]:
            if cell["cell_type"] == "code":
                code = "".join(cell["source"])
                answer = client.execute(code, reply=True, allow_stdin=False, timeout=CELL_S)
                if answer["content"]["status"] != "ok":
                    raise RuntimeError(f"{book.name}: {answer['content'].get('evalue')}")
    finally:
        client.stop_channels()


def ask(one: Seat, what: str, method: str, body: object = None) -> Any:
    """Return what the REST API of the seat's JupyterLab answers.

    Source: Jupyter Server, "REST API", /api/sessions.
    """
    running = one.running()
    link = urlsplit(running.link if running else "")
    token = parse_qs(link.query)["token"][0]
    request = urllib.request.Request(
        f"http://{link.netloc}/api/{what}",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=CELL_S) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def environ_of(one: Seat) -> dict[str, str]:
    """Return the variables of a seat's JupyterLab, which point at its rehearsal."""
    for pid in below(_supervisor(one)):
        words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
        environ = dict(word.split("=", 1) for word in words if "=" in word)
        if "WARMBOOK_REHEARSAL_URL" in environ:
            return environ
    raise LookupError(f"seat {one.name} has no rehearsal")


def memory_mib(one: Seat) -> float:
    """Return the memory of everything on a seat, shared pages in part."""
    running = one.running()
    return running.process.memory_bytes() / 2**20 if running else 0.0


def disk_mib(one: Seat) -> float:
    """Return the disk of a seat's work and of its rehearsal's temporary files."""
    state = Path(environ_of(one)["WARMBOOK_FILE"]).parent
    told = subprocess.run(
        ["du", "-sk", str(one.folder), str(state)], capture_output=True, text=True, check=True
    )
    return sum(int(line.split()[0]) for line in told.stdout.splitlines()) / 1024


def _supervisor(one: Seat) -> int:
    running = one.running()
    return running.pid if running else os.getpid()


if __name__ == "__main__":
    sys.exit(main())
