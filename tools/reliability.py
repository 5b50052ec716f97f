"""Write docs/reliability.json and docs/reliability.md from the figures that `make soak` left."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
Figures = dict[str, Any]

REQUESTS = "random requests: "
TOGETHER: dict[str, Callable[[tuple[Any, Any]], Any]] = {
    **dict.fromkeys(("cases", "files", "found"), sum),
    **dict.fromkeys(("requests", "done", "refused", "not_there", "failed"), sum),
    "slowest_ms": max,
}
"""What becomes of figures that several tests record under one name; else the last one counts."""

INTRODUCTION = """# Reliability

Tests of what can go wrong: killed kernels and machines, interrupted waits, temporary errors of
services, wrong settings. Each figure was measured in a rehearsal on one machine, not on Google
Cloud. `make test` runs the same tests with fewer cases. `make soak` runs all of them and writes
this page, part by part: a part keeps its figures, with their date and the rehearsal's commit,
until it is measured again. Raw values are in `reliability.json`.
"""

SUITES_HEADING = "## Tests of other projects"
SUITES_INTRODUCTION = """
Test suites of other projects, run against the rehearsal by `make soak SUITES=DIR`, with checkouts
of the projects in DIR: two clients of Cloud Storage, and Kubernetes' end-to-end conformance tests
of the objects that the guide uses. `tools/suites.py` lists the tests. Of the images that
Kubernetes' tests run, agnhost is the original; this machine's tools replace busybox, and agnhost's
`pause` replaces pause, nginx and httpd, which only have to run. Each row is one measured commit of
the rehearsal.

| suite | rehearsal | date | passed | failed | skipped by the suite | seconds |
|---|---|---|---|---|---|---|
"""


def write(part: str, figures: Path, *, command: str, seed: int) -> None:
    """Put a part's figures, the lines of `figures`, in the place of its earlier ones in both files.

    What has one name is added up. Other parts keep the figures of the day they were measured.
    """
    found: dict[str, Figures] = {}
    for line in figures.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        before = found.setdefault(told.pop("name"), {})
        for key, value in told.items():
            together = TOGETHER.get(key) if key in before else None
            before[key] = together((before[key], value)) if together else value
    how = {
        "command": command,
        "seed": seed,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "rehearsal": commit(ROOT),
        "machine": _machine(),
    }
    record = _record()
    record["parts"] = {**record.get("parts", {}), part: {"how": how, "figures": found}}
    _save(record)


def write_suites(results: list[Figures]) -> None:
    """Write the section on other people's tests anew, and nothing else of both files.

    A result takes the place of an earlier one of the same suite and rehearsal.
    """
    record = _record()
    measured = [(one["suite"], one["rehearsal"]) for one in results]
    before = record.get("suites", [])
    kept = [one for one in before if (one["suite"], one["rehearsal"]) not in measured]
    record["suites"] = sorted([*kept, *results], key=lambda one: one["suite"])
    _save(record)


def _record() -> Figures:
    file = DOCS / "reliability.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def commit(folder: Path, *options: str) -> str:
    """Return which commit a checkout is at, as `git describe` names it."""
    words = ["git", "describe", "--always", *options]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True).stdout.strip()


def _save(record: Figures) -> None:
    parts = "".join(_part(name, part) for name, part in sorted(record.get("parts", {}).items()))
    page = INTRODUCTION + parts + _section(record.get("suites", []))
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    (DOCS / "reliability.json").write_text(text, encoding="utf-8")
    (DOCS / "reliability.md").write_text(page, encoding="utf-8")


def _section(suites: list[Figures]) -> str:
    if not suites:
        return ""
    rows = "".join(
        f"| {one['suite']} {one['version']} | {one['rehearsal']} | {one['date']} | "
        f"{one['passed']} | {len(one['failed'])} | {one['skipped']} | {one['seconds']} |\n"
        for one in suites
    )
    latest = {one["suite"]: one for one in suites}
    failures = "".join(_failures(one) for one in latest.values())
    return f"\n{SUITES_HEADING}\n{SUITES_INTRODUCTION}{rows}{failures}"


def _failures(one: Figures) -> str:
    """Return the tests that the latest run of a suite failed, by the reason."""
    reasons: dict[str, list[str]] = {}
    for failure in one["failed"]:
        reasons.setdefault(failure["why"] or "Not looked into.", []).append(failure["test"])
    rows = "".join(
        f"| {why} | {', '.join(f'`{test}`' for test in tests)} |\n"
        for why, tests in reasons.items()
    )
    head = f"\nFailed of {one['suite']}, with rehearsal {one['rehearsal']}:\n\n"
    return f"{head}| why | tests |\n|---|---|\n{rows}" if rows else ""


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    software = f"Linux {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {software}"


def _part(name: str, part: Figures) -> str:
    how = part["how"]
    measured = (
        f"From `{how['command']}` with seed {how['seed']} on {how['date']}, rehearsal "
        f"{how['rehearsal']}, {how['machine']}."
    )
    rows = [row for told in part["figures"].items() for row in _rows(*told)]
    table = "\n".join(f"| {what} | {value} | {means} |" for what, value, means in rows)
    head = "| what | figure | what it means |\n|---|---|---|"
    return f"\n## {name[0].upper()}{name[1:]}\n\n{measured}\n\n{head}\n{table}\n"


def _rows(name: str, told: Figures) -> Iterable[tuple[str, str, str]]:
    """Return the lines of the table for one name."""
    if name in TOLD:
        return TOLD[name](told)
    if name.startswith(REQUESTS):
        return _requests(name.removeprefix(REQUESTS), told)
    if name.startswith("tests of "):
        count = sum(value for key, value in told.items() if key != "seconds")
        means = f"Tests of {name.removeprefix('tests of ')} that ended as they should."
        return [(name, f"{told.get('passed', 0)} of {count} passed", means)]
    broken = f"{told['found']} broken" if "found" in told else ""
    others = [f"{value} {key}" for key, value in told.items() if key not in ("found", "seed")]
    means = "What was tried or looked through, and how often the rule did not hold."
    return [(name, ", ".join(filter(None, (*others, broken))), means)]


def _kills(told: Figures) -> Iterable[tuple[str, str, str]]:
    yield (
        "kernels killed",
        str(told["kills"]),
        "A kernel that carries out the steps of notebooks 02 to 07, the cache of 08 and the "
        "cleanup of 10 was killed (SIGKILL): as one of its requests arrived, or when that was done "
        "and before the answer left, up to a third of them at a request that changes something; "
        f"and {told['at_a_second']} of them at a random second, whatever they were doing.",
    )
    yield (
        "ended wrong when run again",
        str(told["wrong"]),
        "After a second run something was missing, there twice, or not as the guide has it: "
        "cluster, operations, pool, namespace, account, Deployment, Pod, roles, cache.",
    )
    yield (
        "left behind after cleanup",
        str(told["left"]),
        "Clusters, roles, caches, labels and Pods that the rehearsal itself still held.",
    )


def _killed_runs(told: Figures) -> Iterable[tuple[str, str, str]]:
    yield (
        "headless runs killed",
        str(told["kills"]),
        "`python -m warmbook run` was killed at a random second, with its kernel or without it, "
        "and started again.",
    )
    yield (
        "ended wrong, left behind",
        f"{told['wrong']}, {told['left']}",
        "By the same rules, with the cleanup of notebook 10 after the second run.",
    )


def _requests(server: str, told: Figures) -> Iterable[tuple[str, str, str]]:
    yield (
        f"random requests to the rehearsal's {server}",
        f"{told['requests']:,}, {told['failed']} failed",
        f"Drawn from the description of {told['methods']} methods of the API; {told['done']:,} "
        f"were carried out, {told['refused']:,} refused in the API's form, {told['not_there']:,} "
        "answered with 501 as the rehearsal does not have them. Failed: any other 5xx, or no "
        f"answer within the limit. The slowest took {told['slowest_ms']} ms.",
    )


def _killed(what: str) -> Callable[[Figures], Iterable[tuple[str, str, str]]]:
    """Return what tells of kills of one kind, under which the same rules hold as of kernels."""

    def rows(told: Figures) -> Iterable[tuple[str, str, str]]:
        figure = f"{told['kills']}, {told['wrong']} ended wrong, {told['left']} left behind"
        yield f"killed {what.partition(':')[0]}", figure, what.partition(": ")[2]

    return rows


def _mixed_use(told: Figures) -> Iterable[tuple[str, str, str]]:
    first, middle, last = told["memory_mib"]
    yield (
        "minutes of mixed use",
        f"{told['minutes']:g}",
        f"{told['rounds']} rounds in one rehearsal, drawn by chance: the guide to its cleanup, a "
        "kernel killed on its way and run again, verbs of the command line, reads and writes of "
        "the bucket.",
    )
    yield (
        "memory of the rehearsal in it",
        f"{first} → {middle} → {last} MiB, {told['growth']:.1%} over the last half",
        "Resident memory after the first round, half-way and after the last; growth by the line "
        "that fits best, more than 5% fails.",
    )


def _soak(told: Figures) -> Iterable[tuple[str, str, str]]:
    first, middle, last = told["memory_mib"]
    yield (
        "rehearsals in one process",
        str(told["runs"]),
        "The same steps, from the project to the cleanup, again and again in one rehearsal.",
    )
    yield (
        "memory of the rehearsal",
        f"{first} → {middle} → {last} MiB",
        "Resident memory after the first rehearsal, half-way and after the last.",
    )
    yield (
        "growth over the last half",
        f"{told['growth']:.1%}",
        "By the line that fits best; more than 5% fails.",
    )
    before, after = told["after_the_second_run"], told["after_the_last_run"]
    yield (
        "processes, ports, open files, temporary files",
        " · ".join(
            f"{before[n]} → {after[n]}" for n in ("children", "ports", "files", "temporary")
        ),
        "What the rehearsal held after the second rehearsal and after the last.",
    )
    yield (
        "left behind by the rehearsal",
        str(told["left"]),
        "Processes, ports and folders that were still there when it had ended.",
    )


def _faults(told: Figures) -> Iterable[tuple[str, str, str]]:
    walks = sum(value for key, value in told.items() if key != "seconds")
    yield (
        "walks with a fault",
        str(walks),
        "Each fault that can be staged, once with the doctor before each notebook and once "
        "without; those that the doctor alone can foresee once.",
    )
    yield (
        "named right",
        str(told.get("passed", 0)),
        "The workbook named the pitfall and no other, or came through where it should.",
    )
    yield "wrong names", str(told.get("wrong", 0)), "It named another pitfall."
    yield "without a name", str(told.get("unnamed", 0)), "It failed, and named none."
    yield (
        "bare tracebacks",
        str(told.get("raised", 0)),
        "The reader would have seen a client library's exception.",
    )


TOLD: dict[str, Callable[[Figures], Iterable[tuple[str, str, str]]]] = {
    "kills": _kills,
    "killed runs": _killed_runs,
    "killed nodes": _killed(
        "nodes: All processes of all Pods of a rehearsal were killed at once, at a random moment "
        "after the first had started; afterwards a second kernel went through the guide."
    ),
    "killed rehearsals": _killed(
        "rehearsals: A rehearsal was killed at a random second of a kernel's work. Its processes, "
        "ports and folder had to be gone when the next one was up, in which the guide had to end "
        "right."
    ),
    "mixed use": _mixed_use,
    "soak": _soak,
    "tests of faults": _faults,
}
