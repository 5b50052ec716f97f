"""Lint every YAML file of a checkout, and what its kustomizations and charts make.

    python tools/lint_repository.py CHECKOUT [--name OWNER/NAME]

writes the figures of this repository to docs/lint.json, in the place of its earlier ones, and
docs/lint.md anew. Kustomizations are rendered by `kubectl kustomize`, charts by `helm template`
where helm is there; nothing is fetched for them, so those with parts elsewhere are counted as not
rendered. A file templates/NAME.tpl.env, which a repository's own scripts fill in, stands for
NAME.env as it is, with its placeholders.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from warmbook.limited_yaml import YamlError
from warmbook.serving.lint import Report, examine, files, together
from warmbook.serving.lint.report import Passed

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
WAIT_S = 60

INTRODUCTION = """# Lint results for public manifests

Results of `python -m warmbook lint` for published manifests, each repository at one commit.
`python tools/lint_repository.py CHECKOUT` writes this page and `lint.json`. It lints every YAML
file of a checkout unchanged, and the manifests that its kustomizations and charts render.

Documents that are not read: templates, patches, kustomizations and the values of charts (lint
prints how to render them), and files that are not YAML. Containers that are passed over run no
model server, or one whose arguments lint does not know.

"""
NOTES = {
    "GoogleCloudPlatform/accelerated-platforms": "Both errors are in the manifests: the server of "
    "the offline batch worker has two GPUs (base/jobset.yaml), and runtime.env of these two sets "
    "TENSOR_PARALLEL_SIZE=4. vLLM stops if the size is larger than its number of GPUs.",
}
"""What a reader who looked at the findings says of them, by repository."""
COLUMNS = (
    *("repository", "commit", "date", "files", "documents", "servers", "passed over", "not read"),
    *("rendered", "errors", "warnings", "remarks", "seconds"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--name", default="", help="the repository, such as OWNER/NAME")
    parser.add_argument("--commit", default="", help="where the checkout has no .git")
    options = parser.parse_args()
    name = options.name or options.checkout.resolve().name
    begun = time.monotonic()
    paths = yaml_files(options.checkout)
    raw = together(_raw(options.checkout, path) for path in paths)
    made = list(rendered(options.checkout))
    report = together([raw, *(one for one in made if one)])
    told = {
        "commit": (options.commit or _commit(options.checkout))[:12],
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "files": len(paths),
        "rendered": [sum(1 for one in made if one), len(made)],
        **figures(report),
        "seconds": round(time.monotonic() - begun, 1),
    }
    write(name, told)
    for one in report.findings:
        if one.severity != "info":
            print(f"{one.file}:{one.line}: {one.severity}: {one.name}: {one.what}")
    print(json.dumps({key: value for key, value in told.items() if key != "listed"}))
    return 0


def yaml_files(checkout: Path) -> list[Path]:
    found = (path for pattern in ("*.yaml", "*.yml") for path in checkout.rglob(pattern))
    return sorted(path for path in found if path.is_file() and ".git" not in path.parts)


def figures(report: Report) -> dict[str, Any]:
    """Return what a report amounts to, and each error and warning with its place."""
    by_severity = {
        severity: dict(Counter(f.name for f in report.findings if f.severity == severity))
        for severity in ("error", "warning", "info")
    }
    listed = {
        f"{f.severity}: {f.name}: {f.file}:{f.line}: {f.what}"
        for f in report.findings
        if f.severity != "info"
    }
    return {
        "documents": report.documents,
        "servers": dict(Counter(server.engine for server in report.servers)),
        "skipped": len(report.skipped),
        "unread": dict(Counter(_kind(one) for one in report.unread)),
        "findings": by_severity,
        "listed": sorted(listed),
    }


def rendered(checkout: Path) -> Iterator[Report | None]:
    """Return a report on what each kustomization and chart makes, None where it makes nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"), symlinks=True)
        for template in copy.rglob("templates/*.tpl.env"):
            filled = template.parents[1] / template.name.replace(".tpl.", ".")
            filled.exists() or shutil.copy(template, filled)
        yield from _rendered(copy)


def _rendered(checkout: Path) -> Iterator[Report | None]:
    kustomizations = {path.parent for name in KUSTOMIZATIONS for path in checkout.rglob(name)}
    for folder in sorted(kustomizations):
        if "kind: Component" not in "".join(map(_text, folder.glob("[kK]ustomization*"))):
            yield _made(checkout, folder, ["kubectl", "kustomize", str(folder)])
    if shutil.which("helm"):
        for chart in sorted(checkout.rglob("Chart.yaml")):
            yield _made(checkout, chart.parent, ["helm", "template", str(chart.parent)])


def _made(checkout: Path, folder: Path, words: list[str]) -> Report | None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    return examine(done.stdout, f"{folder.relative_to(checkout)} ({words[0]} {words[1]})")


def _raw(checkout: Path, path: Path) -> Report:
    name = str(path.relative_to(checkout))
    try:
        return examine(files.text_of(path), name)
    except (OSError, YamlError) as error:
        return Report(unread=[Passed(name, 0, "", str(error))])


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _kind(passed: Passed) -> str:
    return "not YAML" if passed.reason.startswith("it is not YAML") else passed.reason


def _commit(checkout: Path) -> str:
    words = ["git", "rev-parse", "HEAD"]
    return subprocess.run(words, cwd=checkout, capture_output=True, text=True).stdout.strip()


def write(name: str, told: dict[str, Any]) -> None:
    """Put a repository's figures in the place of its earlier ones, and write the page anew."""
    file = DOCS / "lint.json"
    record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    record[name] = told
    text = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    file.write_text(text, encoding="utf-8")
    (DOCS / "lint.md").write_text(page(record), encoding="utf-8")


def page(record: dict[str, Any]) -> str:
    rows = "".join(_row(name, told) for name, told in sorted(record.items()))
    parts = "".join(_part(name, told) for name, told in sorted(record.items()))
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    return INTRODUCTION + head + rows + parts


def _row(name: str, told: dict[str, Any]) -> str:
    counts = [sum(told["findings"][kind].values()) for kind in ("error", "warning", "info")]
    made, of = told["rendered"]
    cells = [
        *(name, told["commit"], told["date"], told["files"], told["documents"]),
        *(sum(told["servers"].values()), told["skipped"], sum(told["unread"].values())),
        *(f"{made} of {of}", *counts, told["seconds"]),
    ]
    return f"| {' | '.join(map(str, cells))} |\n"


def _part(name: str, told: dict[str, Any]) -> str:
    lines = [f"\n## {name}\n", f"Servers: {_counted(told['servers'])}.", ""]
    lines += [f"Not read: {_counted(told['unread'])}.", ""]
    for severity, word in (("error", "Errors"), ("warning", "Warnings"), ("info", "Remarks")):
        lines += [f"{word}: {_counted(told['findings'][severity])}.", ""]
    lines += [f"- `{one}`" for one in told["listed"]]
    lines += ["", NOTES[name]] if told["listed"] and name in NOTES else []
    return "\n".join(lines).rstrip() + "\n"


def _counted(found: dict[str, int]) -> str:
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{count} {name}" for name, count in ordered) or "none"


if __name__ == "__main__":
    sys.exit(main())
