"""Tier 0, free: every look-up once, as the reader's own identity; nothing is changed."""

from __future__ import annotations

import os
import time
from typing import Any

from ..cloud import anywhere_cache, availability
from ..cloud.api_errors import google_reason
from ..doctor.preflight import examine, queries
from ..steps import cleanup, project
from ..steps.cluster import gpu_offer
from .checks import Facts, NotReachedError, check, hold
from .session import Session

DOCTOR_S = 10
"""How long the doctor's table may take, in seconds."""

FAMILIES = {"NVIDIA_H100", "NVIDIA_H100_MEGA", "NVIDIA_H200"}
GATED = {"google-cloud": "google/gemma-2-9b-it", "rehearsal": "rehearsal/SmolLM2-135M-gated"}
"""A gated model on the Hub of each target."""


@check(0, "look-ups", needed=True)
def every_look_up(session: Session) -> Facts:
    """Make each look-up of the notebooks and of the form; those of the cluster are later ones."""
    settings, clients = session.own, session.own_clients
    found = project.find(settings, clients)
    paying = project.billing(settings, clients)
    offered = gpu_offer(settings, clients)
    asked = availability.ask(availability.Wanted.of(settings.model_dump()))
    facts = {
        "number": found.number,
        "billing": paying.enabled,
        "zones": len(offered.zones),
        "quota": str(offered.limit),
        "offered": {name: len(values) for name, values in asked.values.items()},
        "refused": asked.missing,
    }
    return hold(found.state == "ACTIVE" and paying.enabled and not asked.missing, **facts)


@check(0, "own-inventory")
def inventory(session: Session) -> Facts:
    """Look for what notebook 10 would delete, and for the caches of the reader's bucket."""
    seen = cleanup.inventory(session.own, session.own_clients)
    caches = anywhere_cache.find(session.own_clients, session.own.bucket_name)
    return {"created": len(seen.created), "staying": len(seen.staying), "caches": len(caches)}


@check(0, "user-email")
def e_mail(session: Session) -> Facts:
    """See whether user credentials tell whose they are."""
    held = session.own_clients.credentials
    kind = f"{type(held).__module__}.{type(held).__name__}"
    if not kind.startswith("google.oauth2.credentials"):
        raise NotReachedError(f"the credentials are no user's: {kind}")
    return hold(not session.own_clients.account, credentials=kind)


@check(0, "api-off-reason")
def refusal_of_an_api_that_is_off(session: Session) -> Facts:
    """Call an API that is off, if one is: GKE's, or Cloud Quotas'."""
    calls = {
        "container.googleapis.com": lambda: session.own_clients.clusters.list_clusters(
            parent=f"projects/{session.own.project_id}/locations/-"
        ),
        "cloudquotas.googleapis.com": lambda: session.own_clients.quota(
            "compute.googleapis.com", availability.FAMILY_QUOTA
        ),
    }
    for service, call in calls.items():
        if (error := _forbidden(call)) is not None and "disabled" in str(error):
            reason = google_reason(error)
            facts = {"service": service, "reason": reason, "said": str(error)[:300]}
            return hold(reason == "SERVICE_DISABLED" and service in str(error), **facts)
    raise NotReachedError("each API that could be asked is on")


def _forbidden(call: Any) -> Exception | None:
    from google.api_core.exceptions import Forbidden

    try:
        call()
    except Forbidden as error:
        return error
    return None


@check(0, "zonal-name-in-404")
def name_of_a_cluster_that_is_not_there(session: Session) -> Facts:
    """Ask GKE for a zonal cluster that does not exist."""
    from google.api_core.exceptions import NotFound

    zone = f"{session.own.region}-a"
    name = f"projects/{session.own.project_id}/locations/{zone}/clusters/warmbook-nosuch"
    try:
        session.own_clients.clusters.get_cluster(name=name)
    except NotFound as error:
        wanted = f"projects/{session.own.project_id}/zones/{zone}/clusters/warmbook-nosuch"
        return hold(wanted in str(error), said=str(error)[:300])
    raise NotReachedError("there is a cluster warmbook-nosuch")


@check(0, "askable-permissions")
def permissions_that_can_be_asked(session: Session) -> Facts:
    """Ask for the doctor's permissions; a refusal of those of caches is what the doctor expects."""
    from google.api_core.exceptions import BadRequest, NotFound

    clients = session.own_clients
    request = {
        "resource": f"projects/{session.own.project_id}",
        "permissions": list(queries.ON_PROJECT),
    }
    bucket = clients.storage.bucket(session.own.bucket_name)
    try:
        on_project = clients.projects.test_iam_permissions(request=request).permissions
        on_bucket = bucket.test_iam_permissions([*queries.ON_BUCKET, *queries.FOR_MARKS])
    except BadRequest as error:
        return hold(False, said=str(error)[:300])
    except NotFound:
        raise NotReachedError(f"there is no bucket {session.own.bucket_name}") from None
    try:
        on_caches: Any = sorted(bucket.test_iam_permissions(list(queries.ON_CACHES)))
    except BadRequest as error:
        on_caches = str(error)[:300]
    facts = {"project": sorted(on_project), "bucket": sorted(on_bucket), "caches": on_caches}
    return facts


@check(0, "doctor-seconds")
def the_doctors_time(session: Session) -> Facts:
    """Let the doctor look at everything, and take the time."""
    begun = time.monotonic()
    seen = examine(session.own, session.own_clients, "02", whole=True)
    took_s = time.monotonic() - begun
    return hold(took_s <= DOCTOR_S, seconds=round(took_s, 2), lines=len(seen.checkups))


@check(0, "quota-families")
def names_of_gpu_families(session: Session) -> Facts:
    """Read which GPU families Cloud Quotas names."""
    told = session.own_clients.quota("compute.googleapis.com", availability.FAMILY_QUOTA)
    listed = {
        str((one.get("dimensions") or {}).get("gpu_family", ""))
        for one in told.get("dimensionsInfos") or ()
    }
    families = sorted(listed - {""})
    if not families:
        raise NotReachedError("Cloud Quotas names no family in this project")
    return hold(set(families) >= FAMILIES, families=families)


@check(0, "gated-without-token")
def a_gated_model_without_a_token(session: Session) -> Facts:
    """Ask the Hub for a gated model's file and for its listing, both without a token."""
    import requests

    name = GATED[session.own_clients.target]
    base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    file = requests.head(f"{base}/{name}/resolve/main/config.json", timeout=30)
    listing = requests.get(f"{base}/api/models/{name}", timeout=30)
    code = file.headers.get("X-Error-Code", "")
    facts = {"file": file.status_code, "code": code, "listing": listing.status_code}
    return hold(facts == {"file": 401, "code": "GatedRepo", "listing": 200}, **facts)
