"""`make unit` takes what starts no rehearsal, and only that."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("tests/faults", "tests/safety", "tests/steps", "tests/test_units.py")


@pytest.mark.slow
def test_unit_tests_start_no_rehearsal():
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", "unit", *PARTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    files = {line.partition("::")[0] for line in listing.splitlines() if "::" in line}
    assert {"tests/steps/test_sizing.py", "tests/test_units.py"} <= files
    assert not [name for name in files if name.startswith(("tests/faults", "tests/safety"))]
    assert "tests/steps/test_identity.py" not in files  # each of its tests starts a rehearsal


def test_a_test_is_a_unit_test_by_default(request):
    assert request.node.get_closest_marker("unit")


def test_a_test_with_a_rehearsal_is_no_unit_test(request, image_and_model):
    assert not request.node.get_closest_marker("unit")


@pytest.mark.slow
def test_a_slow_test_is_no_unit_test(request):
    assert not request.node.get_closest_marker("unit")
