"""`make setup` with every Python from 3.10 to 3.14 that this machine has."""

from __future__ import annotations

import sys

import pytest

from .machine import Machine, Python, copy_repository, programs

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"
OTHERS = {version: program for version, program in programs().items() if version != OWN}
"""All but the Python that runs the tests: `make setup` has made its environment."""


@pytest.mark.parametrize("version", OTHERS)
def test_make_setup_gives_a_workbook(version, set_up, removed_folder):
    python = Python.at(OTHERS[version])
    assert python and python.has_venv, f"{OTHERS[version]} has no venv: install it"
    machine = Machine(removed_folder, python, set_up.network)
    copy_repository(machine.clone)
    downloads = set_up.folder / "home" / ".cache"  # what every version has in common
    caches = {"UV_CACHE_DIR": str(downloads / "uv"), "PIP_CACHE_DIR": str(downloads / "pip")}
    done = machine.set_up(**caches)
    assert done.returncode == 0, done.stdout + done.stderr
    own = machine.run(machine.venv_python, "-c", "import sys; print(sys.version_info[:2])")
    assert own.stdout.strip() == str(python.version)
    for command in (["-m", "warmbook", "--help"], ["-c", "import warmbook, warmbook_rehearsal"]):
        ran = machine.run(machine.venv_python, *command)
        assert ran.returncode == 0, ran.stderr
    if python.version < (3, 11):
        rehearsed = machine.rehearse("true")
        assert rehearsed.returncode == 2
        assert "PYTHON=python3.11" in rehearsed.stderr


STUB = """#!/bin/sh
# Debian's python3 without the package python3-venv
case "$1 $2" in
"-m venv") {python} -m venv --without-pip "$3"; echo "ensurepip is not available."; exit 1 ;;
*) exec {python} "$@" ;;
esac
"""


def test_a_python_without_venv_is_reported_with_the_package_to_install(tmp_path, python):
    done, machine = set_up_with(STUB, tmp_path, python)
    assert done.returncode != 0
    assert "python3-venv" in done.stdout + done.stderr
    assert not (machine.clone / ".venv").exists()


PYTHON_39 = """#!/bin/sh
# Runs the code of `-c CODE` as Python 3.9 would
exec {python} -c 'import sys; sys.version_info = (3, 9, 0); exec(sys.argv[1])' "$2"
"""


def test_too_old_a_python_is_refused_before_anything_is_made(tmp_path, python):
    done, machine = set_up_with(PYTHON_39, tmp_path, python)
    assert done.returncode != 0
    assert "3.10 or later" in done.stdout + done.stderr
    assert not (machine.clone / ".venv").exists()


def set_up_with(script, folder, python):
    """Run `make setup` with a script that stands before a Python."""
    program = folder / "python3"
    program.write_text(script.format(python=python.program))
    program.chmod(0o755)
    machine = Machine(folder, Python(str(program), python.version, has_venv=True))
    copy_repository(machine.clone)
    return machine.set_up(), machine
