"""Becomes a command that gets SIGTERM when its parent dies, however that happens.

A script of its own with the standard library only: python tethered.py PARENT COMMAND…. So a
supervisor that is killed leaves no rehearsal behind. Source: prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, words: list[str]) -> int:
    """Become the command; return an exit status where the parent is gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return 128 + signal.SIGTERM
    os.execv(words[0], words)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
