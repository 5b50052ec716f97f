"""`connect` and `check` as the notebooks have them: in a kernel, they also keep a record."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from ..display import banner
from ..display.check import check as claimed
from ..errors import CheckError
from ..settings import Settings
from . import headless_checks
from .origin import RECORDING, now
from .recorder import Recorder

F = TypeVar("F", bound=Callable[..., Any])

_of_kernel: list[Recorder] = []
"""The recorder of this process, once there is one."""


def connect(settings: Settings, environ: Mapping[str, str] | None = None) -> banner.ShownClients:
    """Return clients as `display.banner.connect` does; in a kernel, begin or resume its record.

    Raises:
        SettingsError: The environment is neither Google Cloud's nor one rehearsal's.
        UnreachableError: The rehearsal has stopped.
    """
    clients = banner.connect(settings, environ)
    if keeper := recorder():
        keeper.begin(settings, clients)
    return clients


def _recorded(claim_that: F) -> F:
    """Let each claim leave its outcome in the kernel's record, if there is one."""

    @wraps(claim_that)
    def recorded(holds: object, claim: str, *args: Any, **kwargs: Any) -> Any:
        try:
            shown = claim_that(holds, claim, *args, **kwargs)
        except CheckError:
            _note(holds, claim, passed=False)
            raise
        _note(holds, claim, passed=True)
        return shown

    return cast("F", recorded)


check = _recorded(claimed)


def note_gym_round(one: Mapping[str, Any]) -> None:
    """Let a round of the gym leave how far it is in the kernel's record, if there is one."""
    for keeper in _of_kernel:
        keeper.note_gym_round(one)


def _note(holds: object, claim: str, *, passed: bool) -> None:
    headless_checks.publish(claim, passed=passed, at=now())
    for keeper in _of_kernel:
        keeper.note(claim, passed=passed, before=str(getattr(holds, "before", "")))


def recorder() -> Recorder | None:
    """Return the recorder of this kernel, None where nobody runs cells or none is wanted."""
    shell = _shell()
    if shell is None or os.environ.get(RECORDING) == "no":
        return None
    if not _of_kernel:
        _of_kernel.append(Recorder(shell))
    return _of_kernel[0]


def attended() -> bool:
    """Tell whether somebody can answer a question: the running cell's request allows input.

    Front ends allow it, such as JupyterLab and VS Code; what runs notebooks by itself does not:
    papermill, nbconvert, nbval. Source: "Messaging in Jupyter", execute_request, `allow_stdin`;
    vscode-jupyter, cellExecution.ts; nbclient 0.11, client.py, `self.kc.allow_stdin = False`.
    """
    kernel = getattr(_shell(), "kernel", None)
    request = kernel.get_parent() if kernel else {}
    return bool(request.get("content", {}).get("allow_stdin"))


def _shell() -> Any:
    """Return the IPython shell of a Jupyter kernel, None in any other process."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if hasattr(shell, "kernel") else None
