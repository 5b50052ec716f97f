"""The examination: every check that matters, side by side, each problem told once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...errors import AccessError, WarmbookError
from ...settings import Settings
from ...severity import Severity
from ...texts import say
from . import bucket, cluster, comparison, driver, fixes, project, queries, server
from .memo import Memo, Unanswered
from .result import Checkup, Examination


@dataclass(frozen=True)
class Check:
    """One check: its title, what carries it out, and the notebooks that it matters to.

    `tells`: the question whose own failure this line tells. `needs`: the required settings
    without which there is nothing to look at.
    """

    title: Callable[[], str]
    examine: Callable[[Memo], Checkup]
    tells: Callable[[Memo], Any] | None
    notebooks: str
    needs: frozenset[str] = frozenset({"project_id"})


NOTHING: frozenset[str] = frozenset()
MODEL = frozenset({"project_id", "model_uri"})

CHECKS = (
    Check(lambda: say("Libraries"), project.libraries, None, "01 02", NOTHING),
    Check(lambda: say("Credentials"), project.signed_in, queries.credentials, "02 10", NOTHING),
    Check(lambda: say("Project"), project.seen, queries.found_project, "02 10"),
    Check(lambda: say("Billing"), project.billing, queries.paying, "02"),
    Check(lambda: say("APIs"), project.apis, queries.services_off, "02 04"),
    Check(
        lambda: say("Your permissions on the project"),
        project.allowed_on_project,
        queries.held_permissions,
        "02 04 10",
    ),
    Check(lambda: say("GPU availability"), cluster.offered, queries.gpu_zones, "04"),
    Check(lambda: say("GPU quota"), cluster.quota, queries.gpu_quota, "04 06"),
    Check(lambda: say("Bucket"), bucket.place, queries.bucket, "03 04 05 06 07 08 09", MODEL),
    Check(lambda: say("Model"), bucket.model, queries.folder, "06 09", MODEL),
    Check(
        lambda: say("Your permissions on the bucket"),
        project.allowed_on_bucket,
        queries.bucket_permissions,
        "03 05 08 09",
        MODEL,
    ),
    Check(lambda: say("Cluster"), cluster.cluster, queries.found_cluster, "05 06 07 08 09"),
    Check(lambda: say("Workload Identity Federation"), cluster.federation, None, "05 06 07 09"),
    Check(lambda: say("GPU driver on the nodes"), driver.driver, None, "06 09"),
    Check(lambda: say("Service account"), cluster.inside, queries.kubernetes, "06 07 09"),
    Check(
        lambda: say("Roles on the bucket"),
        bucket.reading,
        queries.bucket_policy,
        "06 07 08 09",
        MODEL,
    ),
    Check(lambda: say("Server"), server.server, queries.server_watch, "07 08 09", MODEL),
    Check(lambda: say("Caches"), bucket.caches, queries.found_caches, "08", MODEL),
    Check(lambda: say("Cloud Storage FUSE"), comparison.fuse, None, "09"),
    Check(lambda: say("Disk for the comparison"), comparison.disk, None, "09", MODEL),
)

VITAL = {
    queries.credentials,
    queries.found_project,
    queries.bucket,
    queries.found_cluster,
    queries.kubernetes,
}
"""Questions without whose answer nothing goes on; a refusal of others is only told."""

OF_THE_WAY_THERE = {"unreachable", "service-unavailable", "rate-limited", "quota-project"}
"""Pitfalls that meet every question alike, whatever is memo."""


def examine(
    settings: Settings,
    clients: Clients,
    before: str = "04",
    *,
    whole: bool = False,
    missing: Collection[str] = (),
) -> Examination:
    """Look at what the notebook `before` which it is trips over; at everything if `whole`.

    What a notebook from `before` on makes has the severity info: it is not missing. Nothing is
    changed and nothing raised: what can't be asked is a line, with the line that is its cause.
    What needs a setting that is `missing`, a placeholder in `settings`, is not looked at.
    Source: guide, "Antes de comenzar" and "Configura Workload Identity Federation for GKE".
    """
    listed = [one for one in CHECKS if whole or before in one.notebooks.split()]
    wanted = [one for one in listed if not one.needs & set(missing)]
    untouched = [one.title() for one in listed if one not in wanted]
    memo = Memo(settings, clients, before)
    try:
        looks = [memo.pool.submit(one.examine, memo) for one in wanted]
        lines = [*_to_choose(missing, untouched), *_lines(settings, wanted, looks)]
        return Examination(checkups=tuple(lines), before=before)
    finally:
        memo.pool.shutdown(wait=False, cancel_futures=True)


def _to_choose(missing: Collection[str], untouched: Sequence[str]) -> list[Checkup]:
    """Return the lines for settings that are not chosen, and for what is not checked without."""
    if not missing:
        return []
    names = ", ".join(missing)
    remedy = say("Choose them in notebook 01, or add -p NAME VALUE.")
    chosen = Checkup("error", say("not chosen yet: {names}", names=names), remedy)
    left = Checkup("warning", say("not checked: choose {names}", names=names))
    return [
        replace(chosen, name=say("Settings")),
        *([replace(left, name=", ".join(untouched))] if untouched else ()),
    ]


def _lines(
    settings: Settings, wanted: Sequence[Check], looks: Sequence[Future[Checkup]]
) -> list[Checkup]:
    """Return a line for each check; those that one cause keeps from looking share a line."""
    titles = [check.title() for check in wanted]
    tellers = {check.tells: title for check, title in zip(wanted, titles, strict=True)}
    lines: list[Checkup] = []
    blocked: dict[str, list[str]] = {}
    lost: list[tuple[str, WarmbookError]] = []
    for title, look in zip(titles, looks, strict=True):
        try:
            lines.append(replace(look.result(), name=title))
        except Unanswered as unanswered:
            error = unanswered.error
            teller = tellers.setdefault(_cause(unanswered), title)
            if error is not None and error.pitfall in OF_THE_WAY_THERE:
                lost.append((title, error))
            elif error is None or teller != title:
                blocked.setdefault(teller, []).append(title)
            else:
                command = fixes.after(error.pitfall, settings)
                told = (error.what, error.remedy, command, error.pitfall, title)
                lines.append(Checkup(_severity(unanswered), *told))
        except Exception as unforeseen:  # the other lines are worth more than its traceback
            reason = say("could not be checked: {reason}", reason=repr(unforeseen))
            lines.append(Checkup("warning", reason, name=title))
    severities = {line.name: line.severity for line in lines}
    return [*_on_the_way(lost), *lines, *_blocked(blocked, severities)]


def _severity(unanswered: Unanswered) -> Severity:
    refused = isinstance(unanswered.error, AccessError)
    return "warning" if refused and unanswered.question not in VITAL else "error"


def _cause(unanswered: Unanswered) -> Any:
    """Return the question whose line tells why there is no answer."""
    error = unanswered.error
    off = error is not None and google_reason(error.__cause__) == "SERVICE_DISABLED"
    return queries.services_off if off else unanswered.question


def _blocked(blocked: dict[str, list[str]], severities: dict[str, Severity]) -> list[Checkup]:
    return [
        Checkup(
            "info" if severities.get(cause) == "info" else "warning",
            say("not checked: «{cause}» comes first", cause=cause),
            name=", ".join(names),
        )
        for cause, names in blocked.items()
    ]


def _on_the_way(lost: Sequence[tuple[str, WarmbookError]]) -> list[Checkup]:
    """Return the one line for all that was lost on the way to Google Cloud."""
    if not lost:
        return []
    # what a service said tells more than that nobody said anything
    error = min((error for _, error in lost), key=lambda one: one.pitfall == "unreachable")
    names = ", ".join(title for title, _ in lost)
    what = f"{error.what} {say('Not checked: {names}.', names=names)}"
    return [Checkup("error", what, error.remedy, "", error.pitfall, say("Connection"))]
