"""Make lib/warmbook_rehearsal/iam.json: what Google's roles hold, and what its methods need.

Origin: github.com/iann0036/iam-dataset (MIT), which collects both from Google Cloud. Kept: the
roles that the guide, the workbook, a node or an ordinary project meets, with the permissions of
the services that the rehearsal imitates; the methods of those services. A method whose
permissions the dataset does not know is left out. The same input gives the same bytes.

    python tools/iam_roles.py FOLDER --commit 2073fa52a   read a checkout, write the file
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "lib/warmbook_rehearsal/iam.json"
ORIGIN = "github.com/iann0036/iam-dataset (MIT), commit {commit}; written by tools/iam_roles.py"

ROLES = (
    *("owner", "editor", "viewer", "browser"),
    *("billing.projectManager", "billing.viewer", "cloudquotas.viewer", "compute.viewer"),
    *("container.admin", "container.clusterAdmin", "container.clusterViewer"),
    *("container.defaultNodeServiceAccount", "container.developer", "container.viewer"),
    *("iam.serviceAccountUser", "iam.workloadIdentityUser"),
    *("monitoring.metricWriter", "monitoring.viewer", "resourcemanager.projectIamAdmin"),
    *("serviceusage.serviceUsageAdmin", "serviceusage.serviceUsageConsumer"),
    *("serviceusage.serviceUsageViewer", "storage.admin", "storage.bucketViewer"),
    *(f"storage.object{kind}" for kind in ("Admin", "Creator", "User", "Viewer")),
    *(f"storage.legacyBucket{kind}" for kind in ("Owner", "Reader", "Writer")),
    *(f"storage.legacyObject{kind}" for kind in ("Owner", "Reader")),
)
"""The roles that are kept, without `roles/`."""

KEPT = re.compile(
    r"(cloudquotas|container|resourcemanager\.projects|serviceusage|storage)\.|iam\.serviceAccounts\."
    r"|compute\.(acceleratorTypes|machineTypes|projects|regions|reservations|zones)\."
    r"|monitoring\.(metricDescriptors|timeSeries)\.|billing\.(accounts|resourceAssociations)\."
)
"""The permissions that are kept."""

METHODS = re.compile(
    r"cloudbilling\.|cloudresourcemanager\.projects\.|container\.projects\.locations\."
    r"|compute\.(acceleratorTypes|machineTypes|projects|regions|zones)\."
    r"|iam\.projects\.serviceAccounts\.get$|monitoring\.projects\.timeSeries\."
    r"|serviceusage\.(operations|services)\.|storage\.(buckets|objects|\w+AccessControls)\."
)
"""The methods that are kept, by their names in Google's discovery documents."""


def main(arguments: list[str] | None = None) -> int:
    """Read a checkout and write the file; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="a checkout of iam-dataset")
    parser.add_argument("--commit", required=True, help="the commit that is checked out")
    options = parser.parse_args(arguments)
    gcp = options.folder / "gcp"
    TARGET.write_text(_text(ORIGIN.format(commit=options.commit), roles(gcp), methods(gcp)))
    return 0


def roles(gcp: Path) -> dict[str, list[str]]:
    """Return the permissions of each role."""
    return {f"roles/{name}": _held(gcp / "roles" / f"{name}.json") for name in sorted(ROLES)}


def _held(path: Path) -> list[str]:
    return sorted(filter(KEPT.match, json.loads(path.read_text())["includedPermissions"]))


def methods(gcp: Path) -> dict[str, list[str]]:
    """Return the permissions that each method may ask for, of those whose permissions are known."""
    return dict(sorted(_known(json.loads((gcp / "map.json").read_text())["api"])))


def _known(api: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for service in api.values():
        for name, told in service.get("methods", {}).items():
            needed = sorted({permission["name"] for permission in told.get("permissions", ())})
            if needed and METHODS.match(name):
                yield name, needed


def _text(source: str, *tables: dict[str, list[str]]) -> str:
    """Return the file: a line for each role and each method."""
    told = [
        f'"{name}": {{\n' + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in table.items()) + "\n}"
        for name, table in zip(("roles", "methods"), tables, strict=True)
    ]
    return f'{{\n"source": {json.dumps(source)},\n' + ",\n".join(told) + "\n}\n"


if __name__ == "__main__":
    raise SystemExit(main())
