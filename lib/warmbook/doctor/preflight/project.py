"""Checkups of this machine and of the project: libraries, who you are, who pays, what is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata

from packaging.requirements import Requirement

from ...cloud import roles
from ...cloud.projects import FIRST_SERVICES
from ...serving.shell_commands import gcloud
from ...texts import say
from . import fixes
from .memo import Memo
from .queries import (
    ACT_AS,
    ENABLE,
    FOR_MARKS,
    GIVE,
    ON_BUCKET,
    ON_CACHES,
    ON_PROJECT,
    bucket_permissions,
    cache_permissions,
    credentials,
    found_project,
    held_permissions,
    paying,
    services_off,
)
from .result import Checkup

GIVEN_BY_NOTEBOOK_2 = frozenset(name for needed in roles.NEEDED_OF.values() for name in needed)
"""The permissions that the roles which notebook 02 gives are needed for."""


def libraries(memo: Memo) -> Checkup:
    """Hold the installed libraries against the versions that the workbook needs."""
    del memo
    wanted = [Requirement(line) for line in metadata.requires("warmbook") or ()]
    ours = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    old = [one for one in ours if not _fits(one)]
    if not old:
        return Checkup(
            "ok", say("{count} libraries, all with a supported version", count=len(ours))
        )
    return Checkup(
        "error",
        say("too old, too new or missing: {names}", names=", ".join(one.name for one in old)),
        say("Reinstall them, then restart the kernel."),
        fixes.upgrade(str(one) for one in old),
        "client-versions",
    )


def _fits(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def signed_in(memo: Memo) -> Checkup:
    """Tell whose credentials these are, and which project their requests count against."""
    held, project_id = memo(credentials), memo.clients.project_id
    who = (
        memo.clients.account
        or memo.settings.account
        or say("signed in; the credentials contain no account name")
    )
    counted = getattr(held, "quota_project_id", None) or project_id
    if project_id and counted != project_id:
        told = say("{who}; quota project {project}", who=who, project=counted)
        return Checkup(
            "warning",
            told,
            say("Set the quota project to {project}.", project=project_id),
            fixes.quota_project(memo.settings),
            "quota-project",
        )
    return Checkup("ok", who)


def seen(memo: Memo) -> Checkup:
    """Tell whether the project is there and active."""
    found = memo(found_project)
    told = say("{project}, number {number}", project=found.project_id, number=found.number)
    if found.state == "ACTIVE":
        return Checkup("ok", told)
    return Checkup(
        "error",
        f"{told}: {found.state}",
        say("Restore it in the console, or choose another «project_id»."),
        gcloud.project(memo.settings),
        "project-missing",
    )


def billing(memo: Memo) -> Checkup:
    """Tell whether the project can pay."""
    found = memo(paying)
    if found.enabled:
        return Checkup("ok", found.billing_account)
    return Checkup(
        "error",
        say("no billing account: no billable API can be enabled and no cluster created"),
        say("Link a billing account to the project, or ask a billing administrator."),
        fixes.link_billing(memo.settings),
        "billing-off",
    )


def apis(memo: Memo) -> Checkup:
    """Tell which APIs are off: the guide's, and those that the client libraries call."""
    off = memo(services_off)
    if not off:
        return Checkup("ok", say("all required APIs are enabled"))
    first = off & set(FIRST_SERVICES)
    if not first and not memo.due("02"):
        told = say("not enabled: {names}; notebook 02 enables them", names=", ".join(sorted(off)))
        return Checkup("info", told)
    return Checkup(
        "error",
        say("not enabled: {names}", names=", ".join(sorted(off))),
        say("Run notebook 02, which enables them."),
        fixes.enable(memo.settings, off),
        "api-off",
    )


def allowed_on_project(memo: Memo) -> Checkup:
    """Tell what the reader may not do in the project, of what is still to be done."""
    return _allowed(memo, ON_PROJECT, memo(held_permissions))


def allowed_on_bucket(memo: Memo) -> Checkup:
    """Tell what the reader may not do with the bucket; its caches matter to notebook 08 alone."""
    held = memo(bucket_permissions)
    if memo.before != "08":
        return _allowed(memo, ON_BUCKET, held)
    of_caches = memo(cache_permissions)
    if of_caches is not None:
        return _allowed(memo, ON_BUCKET | FOR_MARKS | ON_CACHES, held | of_caches)
    told = _allowed(memo, ON_BUCKET | FOR_MARKS, held)
    unknown = say("the permission to create caches can't be checked before notebook 08")
    return replace(told, what=f"{told.what}; {unknown}")


def _allowed(memo: Memo, needed: dict[str, str], held: set[str]) -> Checkup:
    ahead = [name for name, notebook in needed.items() if notebook >= memo.before]
    lacking = [name for name in ahead or needed if name not in held]
    if not lacking:
        return Checkup("ok", say("you have all that are required from here on"))
    what = say("you lack {names}", names=", ".join(lacking))
    to_prepare = [name for name in lacking if needed[name] == "02"]
    if to_prepare:
        rest = len(lacking) > len(to_prepare)
        return Checkup(
            "error" if _stops_notebook_2(memo, to_prepare, roles_lacking=rest) else "warning",
            what,
            say(
                "Ask an owner of the project to grant you Service Usage Admin and Project "
                "IAM Admin."
            ),
            pitfall="role-missing",
        )
    others = [name for name in lacking if name != ACT_AS]
    given = all(name in GIVEN_BY_NOTEBOOK_2 or name in ON_BUCKET for name in others)
    if given and not memo.due("02"):
        return Checkup("info", say("{told}; notebook 02 grants them", told=what))
    if not others:
        return _no_nodes(memo)
    return Checkup(
        "error",
        what,
        say("Run notebook 02 for the roles, or ask an owner of the project for them."),
        gcloud.grant_roles(memo.settings),
        "role-missing",
    )


def _stops_notebook_2(memo: Memo, to_prepare: Sequence[str], *, roles_lacking: bool) -> bool:
    """Say whether notebook 02 stops: APIs that are on and roles that are held need no right."""
    enabling = ENABLE in to_prepare and bool(memo(services_off))
    return enabling or (GIVE in to_prepare and roles_lacking)


def _no_nodes(memo: Memo) -> Checkup:
    """Return the line for who may not act as the nodes' account, by the project's policy."""
    account = f"{memo(found_project).number}-compute@developer.gserviceaccount.com"
    return Checkup(
        "warning",  # the account's own policy may allow it
        say("you lack {names}", names=ACT_AS),
        say(
            "Nodes run as {account}: ask an owner of the project to grant you Service Account "
            "User on it.",
            account=account,
        ),
        fixes.act_as(memo.settings, account),
        "role-missing",
    )
