"""What the workbook gave and made on the bucket: roles of Pods' accounts, and caches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ...cloud import anywhere_cache, roles
from ...cloud.clients import Clients
from ...cloud.errors import explained
from ...cloud.iam import of_bucket
from ...errors import WarmbookError
from ...serving.guide_manifest import OURS
from ...serving.shell_commands import leftovers
from ...settings import Settings
from ...texts import say
from .resources import Found, Resource

_PRINCIPAL = re.compile(
    r"principal://iam\.googleapis\.com/projects/[^/]+/locations/global/workloadIdentityPools/"
    r"(?P<pool>[^/]+)/subject/ns/(?P<namespace>[^/]+)/sa/(?P<account>[^/]+)"
)


def accounts(settings: Settings, clients: Clients, *, whole_cluster: bool) -> set[str]:
    """Return the accounts, NAMESPACE/NAME, whose roles on the bucket the workbook has given.

    That of the settings; in a cluster of the workbook's own also those of other namespaces with
    its label, for they go with the cluster. In somebody else's another reader may work.
    """
    chosen = {f"{settings.namespace}/{settings.service_account}"}
    if not whole_cluster:
        return chosen
    try:
        with explained():
            found = clients.kubernetes.list_objects("ServiceAccount", labels=OURS)
    except WarmbookError:  # the cluster does not answer; what it knew may be ours
        return chosen
    names = (one["metadata"] for one in found)
    return chosen | {f"{one['namespace']}/{one['name']}" for one in names}


def bindings(settings: Settings, clients: Clients, ours: Collection[str]) -> Found:
    """Return the bucket's roles that accounts of the project's workload pool hold.

    Only roles that the workbook gives. Those of the accounts `ours` are the workbook's; those
    of other accounts, and those under a condition, may be.
    """
    from google.api_core.exceptions import NotFound

    try:
        policy = of_bucket(clients.storage.bucket(settings.bucket_name))
    except NotFound:
        return Found()
    found = Found()
    given = [binding for binding in policy.bindings if binding["role"] in roles.GIVEN_ROLES]
    for binding in given:
        role, condition = binding["role"], binding.get("condition")
        for member, account in _of_pool(settings, binding["members"]):
            name = f"{role} on gs://{settings.bucket_name}"
            if account in ours and not condition:
                found.ours.append(Resource("role", name, account))
                continue
            proof = say("under a condition: {account}", account=account) if condition else account
            command = "" if condition else leftovers.revoke_role(settings.bucket_name, member, role)
            found.perhaps.append(Resource("role", name, proof, command))
    return found


def members(settings: Settings, policy_members: Collection[str], ours: Collection[str]) -> set[str]:
    """Return those of a binding's members that are one of the accounts `ours`."""
    named = _of_pool(settings, policy_members)
    return {member for member, account in named if account in ours}


def _of_pool(settings: Settings, policy_members: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the members that are accounts of the project's workload pool, NAMESPACE/NAME of each.

    Source: GKE, "Workload Identity Federation", principal identifiers. The whole of a namespace
    or of a cluster the workbook never names.
    """
    for member in sorted(policy_members):
        told = _PRINCIPAL.fullmatch(member)
        if told is not None and told["pool"] == settings.workload_pool:
            yield member, f"{told['namespace']}/{told['account']}"


def caches(settings: Settings, clients: Clients) -> Found:
    """Return the caches that are not disabled: the workbook's by its mark, others perhaps."""
    from google.api_core.exceptions import NotFound

    try:
        marked = anywhere_cache.created_here(clients, settings.bucket_name)
    except NotFound:
        return Found()
    existing = anywhere_cache.find(clients, settings.bucket_name)
    alive = {cache.zone for cache in existing if cache.state != "disabled"}
    proof, unmarked = say("label of the bucket"), say("the bucket has no label for it")
    return Found(
        [Resource("cache", zone, proof) for zone in sorted(marked & alive)],
        [
            Resource("cache", zone, unmarked, leftovers.disable_cache(settings.bucket_name, zone))
            for zone in sorted(alive - marked)
        ],
    )
