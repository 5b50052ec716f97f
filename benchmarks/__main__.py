"""`make bench`: measure what the README quotes; write docs/bench.json and docs/bench.md.

Ratios rather than absolute times: the machine is named, its speed is not the product's.
"""

from __future__ import annotations

import argparse
import json
import sys

from .measurements import MEASUREMENTS, ROOT
from .report import machine, table


def main() -> int:
    """Run the measurements that were asked for; return 0 if every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", default="", help=f"comma-separated, of: {', '.join(MEASUREMENTS)}"
    )
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or list(MEASUREMENTS)
    if unknown := [name for name in wanted if name not in MEASUREMENTS]:
        parser.error(f"no such measurement: {', '.join(unknown)}")
    path = ROOT / "docs" / "bench.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found["machine"] = machine()
    for name in wanted:
        print(f"  … {name}", flush=True)
        found[name] = MEASUREMENTS[name]()
        for row in found[name]:
            print(f"    {row['what']}: {row['value']} {row['unit']} (target {row['target']})")
    path.write_text(json.dumps(found, indent=2) + "\n")
    (path.parent / "bench.md").write_text(table(found, MEASUREMENTS))
    return 0 if all(row["met"] for name in wanted for row in found[name]) else 1


if __name__ == "__main__":
    sys.exit(main())
