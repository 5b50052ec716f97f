"""Make lib/warmbook_rehearsal/kubernetes/schema.json.gz: the fields of the kinds it serves.

Origin: the package `kubernetes-validate` 1.37.0 (Apache-2.0), which carries Kubernetes' own
OpenAPI definitions (Apache-2.0). Kept: structure, types, the keys that say how lists and maps
merge, and the first sentence of each description, for `kubectl explain`; left out: the rest of
the descriptions and kinds that the rehearsal does not serve. The same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

PACKAGE = "kubernetes-validate==1.37.0"
MEMBER = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local/_definitions.json"
TARGET = Path(__file__).parents[1] / "lib/warmbook_rehearsal/kubernetes/schema.json.gz"

CORE = (
    "ConfigMap Endpoints Event Namespace Node PersistentVolume PersistentVolumeClaim Pod Secret "
    "Service ServiceAccount"
)
ROOTS = (
    *(f"io.k8s.api.core.v1.{kind}" for kind in CORE.split()),
    *(f"io.k8s.api.core.v1.{kind}List" for kind in CORE.split()),
    *(f"io.k8s.api.apps.v1.{kind}" for kind in ("Deployment", "DeploymentList")),
    *(f"io.k8s.api.apps.v1.{kind}" for kind in ("ReplicaSet", "ReplicaSetList")),
    *(f"io.k8s.api.batch.v1.{kind}" for kind in ("Job", "JobList", "CronJob", "CronJobList")),
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerList",
    "io.k8s.api.authentication.v1.SelfSubjectReview",
    "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
    *(f"io.k8s.api.coordination.v1.{kind}" for kind in ("Lease", "LeaseList")),
    *(f"io.k8s.apimachinery.pkg.apis.meta.v1.{kind}" for kind in ("DeleteOptions", "Status")),
)
LONGEST_SENTENCE = 200
KEPT = {
    *("type", "format", "required", "properties", "items", "additionalProperties", "oneOf"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"),
    *("x-kubernetes-patch-strategy", "x-kubernetes-patch-merge-key"),
    "x-kubernetes-group-version-kind",
}


def main() -> int:
    """Download the package, cut its definitions down, write them; return 0."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            PACKAGE,
            "-d",
            folder,
        ]
        subprocess.run(command, check=True)
        wheel = next(Path(folder).glob("*.whl"))
        definitions = json.loads(zipfile.ZipFile(wheel).read(MEMBER))["$defs"]
    text = json.dumps(_closure(definitions), sort_keys=True, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
    return 0


def _closure(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the roots and all that they refer to."""
    found: dict[str, Any] = {}
    wanted = list(ROOTS)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = _cut(definitions[name])
            wanted += re.findall(r"#/components/schemas/([\w.\-]+)", json.dumps(found[name]))
    return found


def _cut(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema in OpenAPI 3 form, with the kept keys only."""
    kept: dict[str, Any] = {}
    if "$ref" in schema:
        kept["$ref"] = f"#/components/schemas/{schema['$ref'].rpartition('/')[2]}"
    for key in KEPT & schema.keys():
        kept[key] = _value(key, schema[key])
    if said := _first_sentence(schema.get("description", "")):
        kept["description"] = said
    return kept


def _first_sentence(text: str) -> str:
    """Return a description's first sentence, "" if that is long."""
    plain = " ".join(text.split())
    found = re.match(r".{20,}?[.!?](?= |$)", plain)
    said = found[0] if found else plain
    return said if len(said) <= LONGEST_SENTENCE else ""


def _value(key: str, value: Any) -> Any:
    match key:
        case "type":
            return value if isinstance(value, str) else next(t for t in value if t != "null")
        case "properties":
            return {name: _cut(part) for name, part in value.items()}
        case "oneOf":
            return [_cut(part) for part in value]
        case "items" | "additionalProperties":
            return _cut(value) if isinstance(value, dict) else value
    return value


if __name__ == "__main__":
    sys.exit(main())
