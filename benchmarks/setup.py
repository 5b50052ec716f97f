"""A first `make rehearse` in a fresh clone, and the next one: times and sizes. Prints JSON.

The clone, the home, the caches and the environment are new, so that nothing helps that a
first user has not. pip's own configuration and WARMBOOK_TORCH_INDEX are this machine's: they
say where packages come from.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = re.compile(r"PATH|LANG|PIP_.*|SSL_.*|.*_CA_BUNDLE|WARMBOOK_TORCH_INDEX|https?_proxy", re.I)
FIRST = "✔ 01_settings"


def main() -> None:
    """Rehearse twice and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environ = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        environ |= {"HOME": str(home), "PYTHON": sys.base_prefix + "/bin/python3"}
        first, warm = rehearse(clone, environ), rehearse(clone, environ)
        cache = home / ".cache" / "warmbook"
        sizes = {"venv_mb": megabytes(clone / ".venv"), "cache_mb": megabytes(cache)}
        print(json.dumps({"first": first, "warm": warm, **sizes}))


def rehearse(clone: Path, environ: dict[str, str]) -> dict[str, float]:
    """Return when the first notebook had passed and when all had, in seconds from the start."""
    start, passed = time.monotonic(), 0.0
    command = ["make", "rehearse", f"PYTHON={environ['PYTHON']}"]
    with subprocess.Popen(
        command, cwd=clone, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            if FIRST in line and not passed:
                passed = time.monotonic() - start
    if process.returncode:
        sys.exit(f"make rehearse ended with {process.returncode}")
    return {"first_notebook_s": passed, "whole_s": time.monotonic() - start}


def megabytes(folder: Path) -> float:
    """Return the space on disk of a folder, a file with several names once, in MB."""
    told = subprocess.run(["du", "-sm", str(folder)], check=True, capture_output=True, text=True)
    return float(told.stdout.split()[0])


if __name__ == "__main__":
    main()
