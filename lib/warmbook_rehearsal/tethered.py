"""Becomes a command that gets SIGTERM when its parent dies, however that happens.

A script of its own, run by the rehearsal's interpreter with the standard library only: python
tethered.py PARENT COMMAND…. It leaves the command its terminal, group and number. A program that
ignores SIGTERM, as an interactive shell does, goes on; so does what the command has started.
Source: prctl(2), PR_SET_PDEATHSIG, which only Linux has.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
NOT_FOUND = 127


def main(parent: int, words: list[str]) -> int:
    """Become the command; return an exit status where that can't be."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        return 128 + signal.SIGTERM
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"warmbook_rehearsal: {words[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
