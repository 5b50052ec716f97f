"""Process 1 of a container: starts the command, passes signals on, leaves no descendant.

A script of its own, run by the rehearsal's interpreter with the standard library only. It
adopts what daemonises itself, and is told by the kernel when the rehearsal dies, however
that happens; both are beyond what the rehearsal could do from its own process.

There are two of it, for what runs in a container may kill its own parent: the outer one starts
the inner one and that the command. Whichever of the two is killed, the other ends all that is
left. Not covered: a container that kills both at once, as `kill -9 -1` does with all of the
user's processes. Only Linux has what this takes (prctl(2): PR_SET_CHILD_SUBREAPER,
PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
KILL = signal.SIGALRM
"""Asks for the end of everything at once; SIGKILL would leave the descendants to themselves.

Not SIGQUIT: a shell lets what it starts in the background ignore that, and then it is lost until
process 1 has blocked it. Source: POSIX, Shell Command Language, 2.11.
"""

PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
NOT_FOUND, NOT_EXECUTABLE = 127, 126


WAITED = {signal.SIGCHLD, KILL, *PASSED_ON}


def main(parent: int, words: list[str]) -> int:
    """Run the command to its end; return its exit code, 128 + N for signal N."""
    libc = ctypes.CDLL(None, use_errno=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)
    if not _watch(parent, libc):
        return 128 + signal.SIGKILL
    outer = os.getpid()
    inner = os.fork()
    if inner:
        return _reign(inner, os.kill)
    if not _watch(outer, libc):
        os._exit(128 + signal.SIGKILL)
    command = os.fork()
    if not command:
        _become(words, libc)
    os._exit(_reign(command, _signal_group))


def _watch(parent: int, libc: ctypes.CDLL) -> bool:
    """Adopt every descendant and hear of the parent's death; tell whether it is still there."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, KILL)
    return os.getppid() == parent


def _reign(child: int, pass_on: Callable[[int, int], None]) -> int:
    """Wait for the child and end what it leaves; return its exit code."""
    try:
        return _wait(child, pass_on)
    finally:
        _kill_all()


def _become(words: list[str], libc: ctypes.CDLL) -> None:
    os.setpgid(0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"exec: {words[0]!r}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def _wait(child: int, pass_on: Callable[[int, int], None]) -> int:
    while True:
        number = signal.sigwait(WAITED)
        if number == KILL:
            return 128 + signal.SIGKILL
        if number in PASSED_ON:
            pass_on(child, number)
            continue
        if (status := _reap(child)) is not None:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _signal_group(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except ProcessLookupError:  # it has not made its group yet
        os.kill(child, number)


def _reap(child: int) -> int | None:
    """Take every process that has ended; return the status of `child` if it is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def _kill_all() -> None:
    """Kill what is left; orphans become our children, so it ends when there are none."""
    while children := _children():
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


def _children() -> list[int]:
    own = str(os.getpid())
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # the name, in parentheses, may hold anything
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if parent == own:
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
