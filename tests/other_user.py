"""Another user of this machine: a program that has become nobody, where root runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root can become another user")

# what is imported later may lie where nobody can't read
BECOME = """
import encodings.idna, http.client, json, os, socket, sys, urllib.error, urllib.request
os.setgroups([]); os.setgid({user}); os.setuid({user})
"""


@contextmanager
def python_as_nobody(code: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python as nobody, with pipes; it is killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", BECOME.format(user=NOBODY) + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said_by_nobody(code: str, limit_s: float = 60) -> str:
    """Run Python as nobody to its end; return what it printed."""
    with python_as_nobody(code) as process:
        said, _ = process.communicate(timeout=limit_s)
        assert process.returncode == 0, said
        return said
