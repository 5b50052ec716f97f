"""A rehearsal around the kernel that already runs: a child process, and its environment here."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from ..cloud.rehearsal import address
from ..display.card import Card, Row
from ..errors import WarmbookError
from ..terminal import show
from ..texts import say

MARK = "warmbook-rehearsal-environment "
# Prints the environment that the rehearsal gives to its command, and lasts as long as its
# standard input: until the kernel stops the rehearsal, or ends in whatever way.
_CHILD = (
    "import json, os, sys;"
    f"print({MARK!r} + json.dumps(dict(os.environ)), flush=True);"
    "sys.stdin.read()"
)
STOP_S = 15.0
"""How long a rehearsal may take to stop, in seconds; then it is killed."""


@dataclass(frozen=True, repr=False)
class Around(Card):
    """The kernel after the rehearsal started; `variables` are those that it set."""

    variables: tuple[str, ...]

    def title(self) -> str:
        """Return the headline."""
        return say("This kernel is in a rehearsal")

    def rows(self) -> Sequence[Row]:
        """Return the variables."""
        return (Row(say("environment"), ", ".join(self.variables), "ok", new=True),)

    def note(self) -> str:
        """Return how long it lasts."""
        return say("It ends with the kernel; run the notebook from the top now.")


class KernelRehearsal:
    """One rehearsal of this process: `start` it, `stop` it; it stops with the process."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "warmbook_rehearsal")):
        self._command = tuple(command)
        self._child: subprocess.Popen[str] | None = None
        self._before: dict[str, str] = {}

    def start(self, *options: str) -> Around:
        """Start a rehearsal with these options, and put this process's environment into it.

        A rehearsal that runs already is kept. Its progress is printed; the first start builds
        the engine, which takes minutes.

        Raises:
            WarmbookError: This process is in another rehearsal, or the rehearsal did not start;
                its last lines say why.
            KeyboardInterrupt: Ctrl-C; the rehearsal is stopped, nothing was changed.
        """
        if self._child and self._child.poll() is None:
            return Around(variables=_changed(self._before, os.environ))
        if address():
            raise WarmbookError(
                say("This kernel is in a rehearsal already."),
                remedy=say("Use it, or restart the kernel outside of it."),
            )
        words = [*self._command, *options, "--", sys.executable, "-c", _CHILD]
        self._child = subprocess.Popen(
            words,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the kernel's Ctrl-C reaches it by `stop` alone
        )
        atexit.register(self.stop)
        try:
            environment = _environment_of(self._child)
        except BaseException:
            self.stop()
            raise
        threading.Thread(target=_drain, args=(self._child.stdout,), daemon=True).start()
        self._before = dict(os.environ)
        _replace_environment(environment)
        return Around(variables=_changed(self._before, environment))

    def stop(self) -> None:
        """Stop the rehearsal and restore the environment of before; twice is fine."""
        child, self._child = self._child, None
        if child is None:
            return
        atexit.unregister(self.stop)
        if self._before:
            _replace_environment(self._before)
            self._before = {}
        if child.stdin:
            child.stdin.close()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _environment_of(child: subprocess.Popen[str]) -> dict[str, str]:
    """Print the rehearsal's progress until it hands over its environment; return that."""
    said: list[str] = []
    for line in _lines(child.stdout):
        if line.startswith(MARK):
            return dict(json.loads(line.removeprefix(MARK)))
        show(line.rstrip())
        said.append(line.strip())
    raise WarmbookError(
        say("The rehearsal did not start: {reason}", reason=" ".join(said[-3:])),
        remedy=say("Try `python -m warmbook_rehearsal -- true` in a terminal."),
    )


def _lines(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # it was asked for
    return stream


def _drain(stream: IO[str] | None) -> None:
    """Read what is printed later, so that a full pipe never stops the rehearsal."""
    with _lines(stream) as lines:
        for _ in lines:
            pass


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    names = {name for name in (*before, *after) if before.get(name) != after.get(name)}
    return tuple(sorted(name for name in names if name.startswith("WARMBOOK_")))


def _replace_environment(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


_OF_THIS_KERNEL = KernelRehearsal()


def rehearse(*options: str) -> Around:
    """Put a rehearsal around this kernel; options as of `python -m warmbook_rehearsal`.

    Raises:
        WarmbookError: It did not start; says why.
    """
    return _OF_THIS_KERNEL.start(*options)
