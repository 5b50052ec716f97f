"""Make lib/warmbook_rehearsal/kubernetes/protobuf_fields.txt: numbers of fields in protobuf.

Origin: the Go types of github.com/kubernetes/api (Apache-2.0), whose tags name each field's
number; the argument is a clone of it. Kept: what Jobs, Deployments and Services have, with all
that a Pod may have: kubectl sends them as protobuf. Messages of the other repository (metadata,
selectors) are in `protobuf.py`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

RELEASE = "v0.37.0-beta.0"
FILES = ("core/v1/types.go", "batch/v1/types.go", "apps/v1/types.go")
TARGET = Path(__file__).parents[1] / "lib/warmbook_rehearsal/kubernetes/protobuf_fields.txt"
ROOTS = ("JobSpec", "DeploymentSpec", "ServiceSpec")

STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.M | re.S)
NAMED = re.compile(r"^type (\w+) (string|int32|int64|bool)$", re.M)
FIELD = re.compile(
    r'^\t(?:\w+ +)?(?P<type>[*\[\]\w.]+) +`json:"(?P<name>\w*)[^"]*"'
    r'.*protobuf:"\w+,(?P<number>\d+)',
    re.M,
)
KNOWN = {
    "metav1.ObjectMeta": "ObjectMeta",
    "metav1.LabelSelector": "LabelSelector",
    "metav1.Time": "Time",
    "intstr.IntOrString": "IntOrString",
    "resource.Quantity": "Quantity",
    "map[string]string": "map",
    "map[string][]byte": "bytes_map",
    "ResourceList": "quantity_map",
    "[]byte": "bytes",
    "int32": "int",
    "int64": "int",
    "bool": "bool",
    "string": "string",
}


def main() -> int:
    """Read the clone that is named, write the fields; return 0."""
    sources = [_file(sys.argv[1], name) for name in FILES]
    structs = {name: body for text in sources for name, body in STRUCT.findall(text)}
    named = {name: kind for text in sources for name, kind in NAMED.findall(text)}
    wanted, found = list(ROOTS), {}
    while wanted:
        if (name := wanted.pop()) not in found:
            found[name] = list(_lines(structs[name], named))
            wanted += [kind for line in found[name] if (kind := _message(line)) in structs]
    blocks = ("\n".join((name, *lines)) for name, lines in sorted(found.items()))
    TARGET.write_text(f"# {RELEASE}; made by tools/protobuf_fields.py\n" + "\n".join(blocks) + "\n")
    print(f"{TARGET.name}: {len(found)} messages")
    return 0


def _file(clone: str, name: str) -> str:
    command = ["git", "-C", clone, "show", f"{RELEASE}:{name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _lines(body: str, named: Mapping[str, str]) -> Iterator[str]:
    """Yield `NUMBER NAME TYPE` for each field; `-` is the name of what is part of its parent."""
    for field in FIELD.finditer(body):
        yield f"  {field['number']} {field['name'] or '-'} {_type(field['type'], named)}"


def _type(written: str, named: Mapping[str, str]) -> str:
    """Return a Go type as `protobuf.py` reads it: `?` is kept though empty, `*` is a list."""
    bare = written.lstrip("*").removeprefix("v1.").removeprefix("corev1.")
    if bare not in KNOWN and bare.startswith("[]"):
        return f"{_type(bare.removeprefix('[]').lstrip('*'), named)}*"
    kind = KNOWN.get(bare) or KNOWN.get(named.get(bare, "")) or bare
    return f"{kind}?" if written.startswith("*") and kind != "string" else kind


def _message(line: str) -> str:
    return line.split()[2].rstrip("*?")


if __name__ == "__main__":
    sys.exit(main())
