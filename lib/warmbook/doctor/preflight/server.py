"""Checkup of the server: whether its Deployment is there, and what its Pods are at."""

from __future__ import annotations

from ...serving.guide_manifest import DEPLOYMENT
from ...serving.shell_commands import kubectl
from ...severity import Severity
from ...texts import say
from .memo import Memo
from .queries import deployment, server_watch
from .result import Checkup

NEEDED_BY = ("07", "08")
"""Notebooks that can do nothing without a server; the Job of 09 only takes its GPU."""


def server(memo: Memo) -> Checkup:
    """Tell whether the server's Pods are ready, and if one can't be, why.

    What holds up a Pod that has no node yet, or whose container runs again, may pass: that is a
    warning, and notebook 07 waits for it. Only Pods of the Deployment's present template count.
    """
    if memo(deployment) is None:
        return _absent(memo)
    watch, told = memo(server_watch)
    error = watch.failure()
    if error is None:
        if watch.alive and all(pod.ready for pod in watch.alive):
            return Checkup("ok", told)
        remedy = say("Wait: notebook 07 shows the progress.")
        return Checkup("warning", told, remedy, kubectl.pods(memo.settings))
    what = " ".join(error.what.split())
    severity = _severity(memo) if watch.stuck else "warning"
    return Checkup(severity, what, error.remedy, kubectl.pods(memo.settings), error.pitfall)


def _absent(memo: Memo) -> Checkup:
    what = say("no Deployment {name} yet; notebook 06 creates it", name=DEPLOYMENT)
    if not memo.due("06") or memo.before not in NEEDED_BY:
        return Checkup("info", what)
    return Checkup("error", what, say("Run notebook 06."), kubectl.pods(memo.settings))


def _severity(memo: Memo) -> Severity:
    return "error" if memo.before in NEEDED_BY else "warning"
