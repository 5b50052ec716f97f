"""benchmarks/: every module can be imported, and the results name measurements that exist."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def in_root(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)


MODULES = sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))


def test_all_modules_can_be_imported():
    imports = "; ".join(f"import benchmarks.{name}" for name in MODULES)
    told = in_root("-c", imports)
    assert told.returncode == 0, told.stderr


def test_each_result_has_its_measurement():
    told = in_root(
        "-c",
        "import json; from benchmarks.measurements import MEASUREMENTS; "
        "print(json.dumps(list(MEASUREMENTS)))",
    )
    results = json.loads((ROOT / "docs" / "bench.json").read_text())
    assert set(results) == {"machine", *json.loads(told.stdout)}


@pytest.mark.parametrize("module", ["storage", "upload", "xray", "servers"])
def test_a_module_with_options_runs_by_itself(module):
    told = in_root("-m", f"benchmarks.{module}", "--help")
    assert told.returncode == 0, told.stderr
    assert f"python -m benchmarks.{module}" in told.stdout


def test_an_unknown_measurement_is_refused_before_anything_is_written():
    before = (ROOT / "docs" / "bench.json").read_bytes()
    told = in_root("-m", "benchmarks", "--only", "imports,no-such-measurement")
    assert told.returncode == 2
    assert "no such measurement: no-such-measurement" in told.stderr
    assert (ROOT / "docs" / "bench.json").read_bytes() == before
