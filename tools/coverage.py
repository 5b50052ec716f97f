"""Write docs/coverage.md: each item of the guide with its cell, its step and its tests.

python tools/coverage.py           write it
python tools/coverage.py --check   write nothing; fail if an item lacks one, or the file is stale

A cell names its items in notebooks/source (`# %% guide="G09"`), a test by
`@pytest.mark.guide("G09")`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import jupytext

sys.path.insert(0, str(Path(__file__).parent))
from notebooks import named

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "coverage.md"
ITEMS = {
    "G01": "Overview: the streamer, safetensors, vLLM; the architecture",
    "G02": "Select or create a project",
    "G03": "Verify that billing is enabled",
    "G04": "Enable the four APIs",
    "G05": "Cloud Shell, or a local terminal",
    "G06": "Role `roles/container.admin` on the project",
    "G07": "Role `roles/storage.admin` on the project",
    "G08": "PROJECT_ID and CLUSTER_NAME",
    "G09": "Autopilot: `gcloud container clusters create-auto`",
    "G10": "Standard: `gcloud container clusters create`",
    "G11": "Standard: `gcloud container node-pools create g2-gpu-pool`",
    "G12": "KSA_NAME and NAMESPACE",
    "G13": "`kubectl create namespace`",
    "G14": "`kubectl create serviceaccount`",
    "G15": "BUCKET_NAME and PROJECT_NUMBER",
    "G16": "Role `roles/storage.bucketViewer` on the bucket",
    "G17": "Role `roles/storage.objectUser` on the bucket",
    "G18": "The manifest, field by field",
    "G19": "More GPUs: `--tensor-parallel-size`",
    "G20": '`{"distributed":true}` and the other parameters of the streamer',
    "G21": "vLLM 0.11.1 or later",
    "G22": "`kubectl create -f vllm-deployment.yaml`",
    "G23": "More manifests: GKE Inference Quickstart; SGLang",
    "G24": "`kubectl get deployments`",
    "G25": "`kubectl get pods`: the Pod's name",
    "G26": "`kubectl logs -f`: the line of a successful stream",
    "G27": "Anywhere Cache: a zonal cluster's zone",
    "G28": "Anywhere Cache: every zone of a regional cluster, or Pods held in one",
    "G29": "`gcloud storage buckets anywhere-caches create`",
    "G30": "`gcloud storage buckets anywhere-caches describe`",
    "G31": "Delete the project, or the resources one by one",
    "G32": "`gcloud container clusters delete`",
    "G33": "Disable Anywhere Cache",
    "G34": "What's next",
}
Found = dict[str, dict[str, None]]
"""Item -> what carries it, in order and once each."""


def cells() -> tuple[Found, Found]:
    """Return the cells of each item, and the steps that those cells call."""
    carried: Found = defaultdict(dict)
    steps: Found = defaultdict(dict)
    for source in sorted((ROOT / "notebooks" / "source").glob("[0-9][0-9]_*.py")):
        for name, cell in named(jupytext.read(source).cells):
            for item in cell.metadata.get("guide", "").split():
                link = f"[{source.stem}](../notebooks/en/{source.stem}.ipynb) `{name}`"
                carried[item][link] = None
                steps[item] |= dict.fromkeys(_carrier(cell))
    return carried, steps


def _carrier(cell: object) -> Iterator[str]:
    if getattr(cell, "cell_type", "") == "markdown":
        yield "prose"
    elif called := re.findall(r"\b(\w+\.\w+)\(settings, clients", cell.source):
        yield from (f"`{step}`" for step in called)
    else:
        yield "the form"


def tests() -> Found:
    """Return the tests of each item."""
    found: Found = defaultdict(dict)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for item in _marked(node):
                where = path.relative_to(ROOT / "tests").with_suffix("")
                found[item][f"`{where}`: {node.name[5:].replace('_', ' ')}"] = None
    return found


def _marked(node: ast.AST) -> Iterator[str]:
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.guide":
            yield from ast.literal_eval(decorator.args[0]).split()


def table(carried: Found, steps: Found, tested: Found) -> str:
    """Return the document."""
    lines = [
        "# Coverage of the guide",
        "",
        "Each item of Google Cloud's guide, with the notebook's cell, the step that it calls, and",
        "its tests. Written by `python tools/coverage.py`; `make check` fails if one is missing.",
        "",
        "| id | in the guide | cell | step | tests |",
        "|---|---|---|---|---|",
    ]
    for item, what in ITEMS.items():
        parts = (carried[item], steps[item], tested[item])
        lines.append(f"| {item} | {what} | " + " | ".join("<br>".join(p) for p in parts) + " |")
    return "\n".join(lines) + "\n"


def lacks(carried: Found, tested: Found) -> list[str]:
    """Return what is missing, and what names an item that the guide doesn't have."""
    missing = [f"{item} has no cell" for item in ITEMS if not carried.get(item)]
    missing += [f"{item} has no test" for item in ITEMS if not tested.get(item)]
    unknown = sorted({*carried, *tested} - ITEMS.keys())
    return missing + [f"{item} is no item of the guide" for item in unknown]


def main(arguments: Sequence[str]) -> int:
    """Write or check the document; return the exit status."""
    (carried, steps), tested = cells(), tests()
    if wrong := lacks(carried, tested):
        print("coverage: " + "; ".join(wrong), file=sys.stderr)
        return 1
    text = table(carried, steps, tested)
    if "--check" in arguments:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            print(f"coverage: {TARGET.name} is stale; run `make coverage`", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
