"""The measurements of `make bench`, by name; each returns its figures with their targets.

Most run as a process of their own, `python -m benchmarks.NAME`, which prints JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .report import Row, row
from .wire import left_behind

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
MIME = "application/vnd.warmbook.progress+json"


def seconds(*command: str, runs: int = 5) -> float:
    """Return the median wall time of a whole process, in seconds, after one warm-up."""
    times = []
    for _ in range(runs + 1):
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        times.append(time.monotonic() - start)
    return statistics.median(times[1:])


def printed(module: str, *options: str, within: tuple[str, ...] = (), **environ: str) -> Any:
    """Return what `python -m benchmarks.MODULE` prints as its last line of JSON.

    Args:
        module: Its name in this folder.
        options: Its options.
        within: A command that it runs in, to which its own is appended.
        environ: Variables set for it beside this process's.

    Raises:
        subprocess.CalledProcessError: It ended with another status than 0.
    """
    told = subprocess.run(
        [*within, PYTHON, "-m", f"benchmarks.{module}", *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environ},
    )
    return json.loads(told.stdout.splitlines()[-1])


def inside(module: str, *shape: str) -> Any:
    """Return what a module prints as JSON that runs in a rehearsal of its own."""
    rehearsal = (PYTHON, "-m", "warmbook_rehearsal", "--engine", "quick", *shape, "--")
    return printed(module, within=rehearsal)


def imports() -> list[Row]:
    """Measure how long the library takes to be there."""
    bare = seconds(PYTHON, "-c", "pass")
    return [
        row(
            "`import warmbook`, the interpreter's own start taken off",
            seconds(PYTHON, "-c", "import warmbook") - bare,
            "s",
            most=0.3,
        ),
        row(
            "`python -m warmbook --help`, the whole process",
            seconds(PYTHON, "-m", "warmbook", "--help"),
            "s",
            most=0.5,
        ),
    ]


def setup() -> list[Row]:
    """Measure the first command of a new user, and the same command again."""
    found = printed("setup")
    first, warm = found["first"], found["warm"]
    return [
        row("first `make rehearse` in a fresh clone", first["whole_s"], "s", most=210),
        row("its first notebook has passed after", first["first_notebook_s"], "s", most=80),
        row("the next `make rehearse`", warm["whole_s"], "s", most=100),
        row("`.venv` after them, on disk", found["venv_mb"], "MB", most=600),
        row("the engine and the model in the cache, on disk", found["cache_mb"], "MB"),
    ]


def storage() -> list[Row]:
    """Measure the rehearsal's storage with a 2 GiB object."""
    found = printed("storage", "--gib", "2")
    return [
        row(
            "upload of a 2 GiB object, google-cloud-storage",
            found["upload_mb_s"],
            "MB/s",
            least=200,
        ),
        row("64-way ranged reads of it", found["ranged_reads_mb_s"] / 1000, "GB/s", least=1.5),
        row("peak memory of the storage server", found["server_peak_rss_mb"], "MB", most=100),
    ]


def upload() -> list[Row]:
    """Measure the upload of a 4 GiB model beside the genuine gcloud's."""
    found = printed("upload")
    ours = found["ours"]
    figures = [
        row("upload of a 4 GiB model in 8 shards, the whole process", ours["gib_s"], "GiB/s")
        | {"detail": found},
        row("peak memory of that process", ours["peak_rss_mb"], "MB", most=500),
    ]
    if "ratio" in found:
        what = "time of `gcloud storage cp` for the same upload, over ours"
        figures.append(row(what, found["ratio"], "x", least=1))
    return figures


def rehearse(engine: str, out: Path, *more: str) -> tuple[float, dict[str, Any]]:
    """Run the whole book; return its wall time in seconds and its record."""
    start = time.monotonic()
    run = [PYTHON, "-m", "warmbook", "run", "--out", str(out), *more]
    subprocess.run(
        [PYTHON, "-m", "warmbook_rehearsal", "--engine", engine, "--", *run],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - start, json.loads((out / "run.json").read_text())


def split(notebook: Path) -> tuple[float, float]:
    """Return an executed notebook's seconds in cells, and those of them spent waiting."""
    cells = json.loads(notebook.read_text())["cells"]
    spent = sum(cell["metadata"].get("papermill", {}).get("duration") or 0.0 for cell in cells)
    waited = sum(
        output["data"][MIME]["elapsed_s"]
        for cell in cells
        for output in cell.get("outputs", ())
        if MIME in output.get("data", {})
    )
    return spent, waited


def quick_book() -> list[Row]:
    """Measure the book without the engine's own start-up."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        whole, record = rehearse("quick", out)
        engine = sum(p["seconds"] for p in record["phases"] if p["name"] in ("engine", "weights"))
        rows = [row("whole rehearsal, the engine's start taken off", whole - engine, "s", most=60)]
        for done in record["notebooks"]:
            spent, waited = split(out / f"{done['name']}.ipynb")
            rows.append(
                row(f"{done['name']}: cells beyond their waits", spent - waited, "s", most=1)
            )
        kernels = [d["seconds"] - split(out / f"{d['name']}.ipynb")[0] for d in record["notebooks"]]
        rows.append(
            row("start and end of a notebook's kernel, median", statistics.median(kernels), "s")
        )
    return rows


def real_book() -> list[Row]:
    """Measure a rehearsal with the real engine, on a warm cache."""
    with tempfile.TemporaryDirectory() as folder:
        whole, record = rehearse("vllm", Path(folder))
        assert "Paris" in record["answer"], record["answer"]
    return [row("`make rehearse` on a warm cache", whole, "s", most=240)]


def notice() -> list[Row]:
    """Measure how soon a change of the server's is noticed."""
    found = inside("notice")
    return [
        row("a watched object's change is noticed after, median", found["watch_s"], "s", most=0.5),
        row("a cluster that is RUNNING is noticed after", found["cluster_s"], "s", most=0.5),
    ]


def servers() -> list[Row]:
    """Measure the rehearsal's servers with real clients and with many objects."""
    with tempfile.TemporaryDirectory() as folder:
        figures = printed("servers", TMPDIR=folder)
        left = left_behind(Path(folder))
    rows = [
        row(one["what"], one["value"], one["unit"], most=one["most"])
        | ({"detail": one["detail"]} if one["detail"] else {})
        for one in figures
    ]
    return [*rows, row("files and processes left behind by this", len(left), "things", most=0)]


def xray() -> list[Row]:
    """Measure the X-ray of models in a bucket 20 ms away."""
    *_, found = sizes = printed("xray")
    shards = found["shards"]
    beyond = max(one["requests"] - 2 * one["shards"] for one in sizes)
    return [
        row(f"X-ray of {shards} shards, each request 20 ms away", found["seconds"], "s", most=5)
        | {"detail": sizes},
        row("requests of an X-ray beyond two a shard", beyond, "requests", most=5),
        row("share of the model's bytes that it reads", 100 * found["share_read"], "%", most=0.01),
    ]


def streamer() -> list[Row]:
    """Measure the real streamer through the rehearsal's storage, and what any server allows."""
    what = "real streamer: rate through the rehearsal's storage, as a share of"
    found = inside("streamer")
    return [
        row(f"{what} a bare sendfile server's", found["bare"], "x", least=0.7)
        | {"detail": found["runs"]},
        row(f"{what} local disk, read as it chooses", found["disk"], "x", least=0.7),
        row(f"{what} the page cache", found["page_cache"], "x", least=0.7),
        row("processor time of the streamer itself, storage over page cache", found["cpu"], "x"),
    ]


SHAPE = ("--latency-ms", "30", "--stream-mib-s", "135")


def shaped() -> list[Row]:
    """Measure what concurrency gains where each stream is slow, as Cloud Storage's are."""
    found = inside("shaped", *SHAPE)
    what = "shaped to 30 ms and 135 MiB/s per stream, real streamer: rate at concurrency 8 over"
    return [
        row(f"{what} 1, a connection each", found["concurrency"], "x", least=4)
        | {"detail": found["runs"]},
        row(f"{what} 1, as many connections as it opens", found["default_concurrency"], "x"),
        row(f"{what} download-then-load", found["download"], "x", least=3),
    ]


def memory() -> list[Row]:
    """Measure how much memory the real streamer takes beyond its limit."""
    names = {"0": "the largest tensor, limit 0", "-1": "the model, limit -1"}
    found = inside("memory")
    told = "real streamer: peak memory{of} as a share of {limit}"
    return [
        row(told.format(of=of, limit=names.get(limit, "the limit")), share, "x", most=most)
        for kind, of, most in (
            ("buffers", " of its buffers", 1.1),
            ("handed over", " with the tensors that it hands over,", None),
        )
        for limit, share in found[kind].items()
    ]


def classroom() -> list[Row]:
    """Measure what a seat of a class takes, with either engine, and how long a reset takes."""
    rows = []
    for engine, seats in (("quick", "2"), ("vllm", "1")):
        found = printed("classroom", "--engine", engine, "--seats", seats)
        of = f"a seat of a class, {engine} engine:"
        rows += [
            row(f"{of} memory after its start", found["idle_mib"], "MiB"),
            row(f"{of} memory with a server deployed", found["server_mib"], "MiB"),
            row(f"{of} memory with seven notebooks open", found["open_mib"], "MiB"),
            row(f"{of} disk with a server deployed", found["disk_mib"], "MiB"),
            row(f"{of} reset, to the answer of JupyterLab", found["reset_s"], "s", most=5),
        ]
    return rows


MEASUREMENTS = {
    "setup": setup,
    "imports": imports,
    "storage": storage,
    "upload": upload,
    "notice": notice,
    "servers": servers,
    "xray": xray,
    "streamer": streamer,
    "shaped": shaped,
    "memory": memory,
    "class": classroom,
    "quick_book": quick_book,
    "real_book": real_book,
}
