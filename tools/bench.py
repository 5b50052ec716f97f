"""`make bench`: measure what the README quotes; write docs/bench.json and docs/bench.md.

Ratios rather than absolute times: the machine is named, its speed is not the product's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_wire import left_behind

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
MIME = "application/vnd.warmbook.progress+json"


def main() -> int:
    """Run the measurements that were asked for; return 0 if every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of measurements, comma-separated")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or list(MEASUREMENTS)
    path = ROOT / "docs" / "bench.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found["machine"] = machine()
    for name in wanted:
        print(f"  … {name}", flush=True)
        found[name] = MEASUREMENTS[name]()
        for row in found[name]:
            print(f"    {row['what']}: {row['value']} {row['unit']} (target {row['target']})")
    path.write_text(json.dumps(found, indent=2) + "\n")
    (path.parent / "bench.md").write_text(table(found))
    return 0 if all(row["met"] for name in wanted for row in found[name]) else 1


def machine() -> str:
    """Return what a reader must know of the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    software = f"Linux {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {software}"


def row(
    what: str, value: float, unit: str, most: float | None = None, least: float | None = None
) -> dict[str, Any]:
    """Return one figure beside its target."""
    target = (
        f"≤ {most:g} {unit}"
        if most is not None
        else f"≥ {least:g} {unit}"
        if least is not None
        else "-"
    )
    met = (most is None or value <= most) and (least is None or value >= least)
    return {"what": what, "value": round(value, 3), "unit": unit, "target": target, "met": met}


def table(found: dict[str, Any]) -> str:
    """Return the figures as the page docs/bench.md."""
    lines = [
        "# Figures",
        "",
        f"From `make bench` on {found['machine']}. Medians; raw values in `bench.json`.",
        "",
        "| figure | value | target | met |",
        "|---|---|---|---|",
    ]
    for name in MEASUREMENTS:
        for one in found.get(name, ()):
            met = "yes" if one["met"] else "**no**"
            lines.append(
                f"| {one['what']} | {one['value']:g} {one['unit']} | {one['target']} | {met} |"
            )
    return "\n".join(lines) + "\n"


def seconds(*command: str, runs: int = 5) -> float:
    """Return the median wall time of a whole process, in seconds, after one warm-up."""
    times = []
    for _ in range(runs + 1):
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        times.append(time.monotonic() - start)
    return statistics.median(times[1:])


def imports() -> list[dict[str, Any]]:
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


def setup() -> list[dict[str, Any]]:
    """Measure the first command of a new user, and the same command again."""
    told = subprocess.run(
        [PYTHON, "tools/bench_setup.py"], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    found = json.loads(told.stdout)
    first, warm = found["first"], found["warm"]
    return [
        row("first `make rehearse` in a fresh clone", first["whole_s"], "s", most=210),
        row("its first notebook has passed after", first["first_notebook_s"], "s", most=80),
        row("the next `make rehearse`", warm["whole_s"], "s", most=100),
        row("`.venv` after them, on disk", found["venv_mb"], "MB", most=600),
        row("the engine and the model in the cache, on disk", found["cache_mb"], "MB"),
    ]


def storage() -> list[dict[str, Any]]:
    """Measure the rehearsal's storage with a 2 GiB object."""
    told = subprocess.run(
        [PYTHON, "tools/bench_storage.py", "--gib", "2"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found = json.loads(told.stdout)
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


def upload() -> list[dict[str, Any]]:
    """Measure the upload of a 4 GiB model beside the genuine gcloud's."""
    told = subprocess.run(
        [PYTHON, "tools/bench_upload.py"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    found = json.loads(told.stdout)
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


def quick_book() -> list[dict[str, Any]]:
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


def real_book() -> list[dict[str, Any]]:
    """Measure a rehearsal with the real engine, on a warm cache."""
    with tempfile.TemporaryDirectory() as folder:
        whole, record = rehearse("vllm", Path(folder))
        assert "Paris" in record["answer"], record["answer"]
    return [row("`make rehearse` on a warm cache", whole, "s", most=240)]


def inside(script: str, *options: str) -> dict[str, Any]:
    """Return what a script prints as JSON that runs in a rehearsal of its own."""
    door = [PYTHON, "-m", "warmbook_rehearsal", "--engine", "quick", *options, "--"]
    told = subprocess.run(
        [*door, PYTHON, f"tools/{script}"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return dict(json.loads(told.stdout.splitlines()[-1]))


def notice() -> list[dict[str, Any]]:
    """Measure how soon a change of the server's is noticed."""
    found = inside("bench_notice.py")
    return [
        row("a watched object's change is noticed after, median", found["watch_s"], "s", most=0.5),
        row("a cluster that is RUNNING is noticed after", found["cluster_s"], "s", most=0.5),
    ]


def servers() -> list[dict[str, Any]]:
    """Measure the rehearsal's servers with real clients and with many objects."""
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [PYTHON, "tools/bench_servers.py"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": folder},
        )
        left = left_behind(Path(folder))
    figures = [
        row(one["what"], one["value"], one["unit"], most=one["most"])
        | ({"detail": one["detail"]} if one["detail"] else {})
        for one in json.loads(told.stdout)
    ]
    return [*figures, row("files and processes left behind by this", len(left), "things", most=0)]


def xray() -> list[dict[str, Any]]:
    """Measure the X-ray of models in a bucket 20 ms away."""
    told = subprocess.run(
        [PYTHON, "tools/bench_xray.py"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    *_, found = sizes = json.loads(told.stdout)
    shards = found["shards"]
    beyond = max(one["requests"] - 2 * one["shards"] for one in sizes)
    return [
        row(f"X-ray of {shards} shards, each request 20 ms away", found["seconds"], "s", most=5)
        | {"detail": sizes},
        row("requests of an X-ray beyond two a shard", beyond, "requests", most=5),
        row("share of the model's bytes that it reads", 100 * found["share_read"], "%", most=0.01),
    ]


def streamer() -> list[dict[str, Any]]:
    """Measure the real streamer through the rehearsal's storage, and what any server allows."""
    what = "real streamer: rate through the rehearsal's storage, as a share of"
    found = inside("bench_streamer.py")
    return [
        row(f"{what} a bare sendfile server's", found["bare"], "x", least=0.7)
        | {"detail": found["runs"]},
        row(f"{what} local disk, read as it chooses", found["disk"], "x", least=0.7),
        row(f"{what} the page cache", found["page_cache"], "x", least=0.7),
        row("processor time of the streamer itself, storage over page cache", found["cpu"], "x"),
    ]


SHAPE = ("--latency-ms", "30", "--stream-mib-s", "135")


def shaped() -> list[dict[str, Any]]:
    """Measure what concurrency gains where each stream is slow, as Cloud Storage's are."""
    found = inside("bench_shaped.py", *SHAPE)
    what = "shaped to 30 ms and 135 MiB/s per stream, real streamer: rate at concurrency 8 over"
    return [
        row(f"{what} 1, a connection each", found["concurrency"], "x", least=4)
        | {"detail": found["runs"]},
        row(f"{what} 1, as many connections as it opens", found["default_concurrency"], "x"),
        row(f"{what} download-then-load", found["download"], "x", least=3),
    ]


def memory() -> list[dict[str, Any]]:
    """Measure how much memory the real streamer takes beyond its limit."""
    names = {"0": "the largest tensor, limit 0", "-1": "the model, limit -1"}
    found = inside("bench_memory.py")
    told = "real streamer: peak memory{of} as a share of {limit}"
    return [
        row(told.format(of=of, limit=names.get(limit, "the limit")), share, "x", most=most)
        for kind, of, most in (
            ("buffers", " of its buffers", 1.1),
            ("handed over", " with the tensors that it hands over,", None),
        )
        for limit, share in found[kind].items()
    ]


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
    "quick_book": quick_book,
    "real_book": real_book,
}

if __name__ == "__main__":
    sys.exit(main())
