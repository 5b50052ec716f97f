"""Checkups of the bucket: its place, the model in it, who may read it, its caches."""

from __future__ import annotations

from ...cloud import roles
from ...cloud.bucket_access import SEE, Held, held
from ...cloud.objects import Object
from ...serving.shell_commands import gcloud
from ...texts import say
from . import fixes
from .memo import Memo, Unanswered
from .queries import (
    bucket_policy,
    folder,
    found_caches,
    found_project,
    pod_zones,
    project_policy,
    service_account,
    uniform_access,
)
from .result import Checkup


def place(memo: Memo) -> Checkup:
    """Tell where the bucket is, whether Pods can have roles on it, and whether reads stay near.

    Source: grafana/tempo issue 3556: without uniform bucket-level access federated principals
    are refused. A Pod that acts as a Google service account is not.
    """
    settings, found = memo.settings, memo(folder)
    told = f"gs://{found.bucket}, {found.location}"
    if not memo(uniform_access) and not roles.google_account(_linked(memo)):
        return Checkup(
            "error",
            say(
                "{bucket}: uniform bucket-level access is disabled, so no Pod can read it",
                bucket=told,
            ),
            say("Enable it; object ACLs are then ignored."),
            fixes.uniform_access(settings),
            "uniform-access-off",
        )
    if found.covers(settings.region):
        return Checkup("ok", told)
    return Checkup(
        "warning",
        say("{bucket}; the cluster is in {region}", bucket=told, region=settings.region),
        say(
            "Choose the bucket's region as «location», or copy the model to a bucket near the "
            "cluster."
        ),
        pitfall="bucket-elsewhere",
    )


def model(memo: Memo) -> Checkup:
    """Tell whether the folder holds weights."""
    found = memo(folder)
    if found.shards:
        return Checkup("ok", say("safetensors files: {count}", count=len(found.shards)))
    told = say("no safetensors files in {uri}", uri=found.uri)
    if not memo.due("03"):
        return Checkup("info", told)
    return Checkup(
        "error",
        told,
        say("Correct «model_uri», or run notebook 03, which inspects and uploads."),
        gcloud.list_weights(memo.settings),
        "weights-not-found",
    )


def reading(memo: Memo) -> Checkup:
    """Tell whether the service account may read the bucket, and if not, who may instead.

    One that acts as a Google service account has that one's roles, and none of its own.
    """
    settings = memo.settings
    name = roles.identity(settings, memo(found_project).number, _linked(memo))
    found = held([*memo(bucket_policy).bindings, *_of_project(memo)], name, settings)
    if found.missing:
        return _missing(memo, found)
    if found.perhaps:
        return Checkup(
            "warning",
            say("possibly granted: {roles}", roles=", ".join(sorted(set(found.perhaps.values())))),
            say("Notebook 05 tests the access as the service account."),
            gcloud.bucket_policy(settings),
        )
    return Checkup("ok", say("{account} may", account=_account(memo)))


def _linked(memo: Memo) -> Object | None:
    """Return the Kubernetes service account, None where there is none to look at."""
    try:
        return memo(service_account)
    except Unanswered:
        return None


def _of_project(memo: Memo) -> list[object]:
    """Return the project's bindings, none where the reader may not see them."""
    try:
        return list(memo(project_policy).bindings)
    except Unanswered:
        return []


def _missing(memo: Memo, holdings: Held) -> Checkup:
    first = holdings.missing[0]
    what = say("{account} lacks {names}", account=_account(memo), names=", ".join(holdings.missing))
    pitfall = "bucket-viewer-missing" if first == SEE else "object-role-missing"
    if first in holdings.near:
        pitfall, member = holdings.near[first]
        what = f"{what}. {say('A role is bound to {member}.', member=member)}"
    if google := roles.google_account(_linked(memo)):
        remedy = say("Grant {google} the two roles, or remove the annotation.", google=google)
        command = fixes.grant_to(memo.settings, google)
        return Checkup("error", what, remedy, command, pitfall)
    if not memo.due("05"):
        return Checkup("info", say("{told}; notebook 05 grants the roles", told=what))
    remedy = say("Run notebook 05, which grants the two roles.")
    if pitfall == "binding-other-namespace":
        remedy = say("Run notebook 05, or choose that «namespace» and «service_account».")
    return Checkup("error", what, remedy, gcloud.grant_bucket_roles(memo.settings), pitfall)


def _account(memo: Memo) -> str:
    account = f"{memo.settings.namespace}/{memo.settings.service_account}"
    google = roles.google_account(_linked(memo))
    return (
        say("{account}, which impersonates {google},", account=account, google=google)
        if google
        else account
    )


def caches(memo: Memo) -> Checkup:
    """Tell whether a cache runs, and where the Pods are."""
    settings, found = memo.settings, memo(found_caches)
    alive = [cache for cache in found if cache.state != "disabled"]
    if not alive:
        what = say("none; notebook 08 can create one")
        return Checkup("info", what, command=gcloud.create_cache(settings))
    what = ", ".join(f"{cache.zone} {cache.state}" for cache in alive)
    zones = _zones_of_pods(memo)
    if zones and not zones & {cache.zone for cache in alive}:
        return Checkup(
            "warning",
            say("{caches}; the Pods are in {zones}", caches=what, zones=", ".join(sorted(zones))),
            say("Run notebook 08, which creates one in the zone of the Pods."),
            gcloud.create_cache(settings),
            "cache-zone",
        )
    if any(cache.state != "running" for cache in alive):
        return Checkup(
            "warning",
            what,
            say("Until it is running, reads come from the bucket; creation continues on its own."),
            gcloud.describe_cache(settings),
            "cache-empty",
        )
    return Checkup("ok", what)


def _zones_of_pods(memo: Memo) -> set[str]:
    """Return the zones that the Pods have, or that the settings leave to them."""
    settings = memo.settings
    if settings.zone or settings.mode == "standard":
        return {settings.zone or settings.location}
    try:
        return set(memo(pod_zones))
    except Unanswered:
        return set()
