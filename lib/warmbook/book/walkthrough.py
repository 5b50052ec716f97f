"""The guide from notebook 02 to 08 in one call, up to the first thing that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..display.check import check
from ..display.progress import Report
from ..doctor.preflight import examine
from ..errors import CheckError, WarmbookError
from ..serving.guide_manifest import DEPLOYMENT
from ..settings import Settings
from ..steps import cache, cluster, identity, project, server, sizing, streaming, weights

Options = dict[str, Report]
Notebook = Callable[[Settings, Clients, Options], Iterable[str]]


@dataclass(frozen=True)
class Walked:
    """How far a walk came: the `error` that ended it in `notebook`, if any.

    `pitfalls` names each pitfall that the doctor, the inspection or the error named, once.
    """

    notebook: str
    error: WarmbookError | None
    pitfalls: tuple[str, ...]


def walk(
    settings: Settings,
    clients: Clients,
    report: Report | None = None,
    *,
    doctor: bool = True,
    since: str = "",
    deployed: Callable[[], None] | None = None,
) -> Walked:
    """Carry out the steps of notebooks 02 to 08 with their checks; what is there is found again.

    With a `doctor`, who looks before each notebook, as in the book. `since` is the notebook in
    which an earlier walk ended: this one goes on there, and leaves a Deployment as it is.
    `deployed` is called once all that the server needs is there, before the waits for it. Nothing
    is raised but what no notebook explains either.
    """
    options: Options = {"report": report} if report else {}
    pitfalls: list[str] = []
    number, error = "", None
    try:
        with explained():
            for number, notebook in _from(since, deployed).items():
                if number in BEFORE_THE_DOCTOR:
                    BEFORE_THE_DOCTOR[number](settings, clients, **options)
                if doctor:
                    pitfalls += _seen_by_doctor(settings, clients, number)
                pitfalls += notebook(settings, clients, options)
    except WarmbookError as ended:
        error = ended
        pitfalls.append(ended.pitfall)
    return Walked(number, error, tuple(dict.fromkeys(filter(None, pitfalls))))


def _from(since: str, deployed: Callable[[], None] | None) -> Mapping[str, Notebook]:
    """Return the notebooks that a walk carries out; each that needs the server waits for it."""
    rest = {number: one for number, one in NOTEBOOKS.items() if number >= min(since, "06")}
    return {**rest, "06": partial(_server, keep=bool(since), deployed=deployed)}


def _seen_by_doctor(settings: Settings, clients: Clients, number: str) -> Iterator[str]:
    """Yield the pitfalls that the doctor sees ahead; end at one that stands in the way."""
    for line in examine(settings, clients, number).checkups:
        if line.severity == "error":
            raise CheckError(line.what, remedy=line.remedy, pitfall=line.pitfall)
        yield line.pitfall


def _project(settings: Settings, clients: Clients, options: Options) -> Iterable[str]:
    project.find(settings, clients)
    check(
        project.billing(settings, clients).enabled,
        "billing is on",
        remedy="link a billing account to the project in the console, under Billing, then run "
        "again",
        pitfall="billing-off",
    )
    project.enable_services(settings, clients, **options)
    given = project.grant_roles(settings, clients)
    check(
        given.missing == (),
        "you hold the roles on the project",
        remedy="run the cell above again, or ask an owner of the project for the roles marked ✗",
        pitfall="role-missing",
    )
    project.wait_ready(settings, clients, **options)
    return ()


def _weights(settings: Settings, clients: Clients, options: Options) -> Iterator[str]:
    model = weights.inspect(settings, clients)
    for finding in model.findings:
        if finding.severity == "error":
            raise CheckError(finding.what, remedy=finding.remedy, pitfall=finding.pitfall)
        yield finding.pitfall
    sized = sizing.size_up(settings, clients, seen=model.seen)
    check(
        sized.possible,
        "the model can run on the chosen GPUs",
        remedy="choose more or larger GPUs, or a smaller max_model_len, in the form above",
    )


def _cluster(settings: Settings, clients: Clients, options: Options) -> Iterable[str]:
    made = cluster.create(settings, clients, **options)
    check(
        made.workload_pool,
        "Pods of the cluster can have an identity in Google Cloud",
        remedy="turn on Workload Identity Federation for the cluster, or choose another name for "
        "it",
        pitfall="wif-off",
    )
    cluster.create_node_pool(settings, clients, **options)
    return ()


def _identity(settings: Settings, clients: Clients, options: Options) -> Iterable[str]:
    identity.create_namespace(settings, clients)
    identity.create_service_account(settings, clients)
    identity.grant_bucket_roles(settings, clients)
    return ()


def _server(
    settings: Settings,
    clients: Clients,
    options: Options,
    *,
    keep: bool = False,
    deployed: Callable[[], None] | None = None,
) -> Iterable[str]:
    """Deploy the server and wait for it; with `keep`, a Deployment that is there stays as it is."""
    kubernetes, namespace = clients.kubernetes, settings.namespace
    if not (keep and kubernetes.find("Deployment", DEPLOYMENT, namespace)):
        server.deploy(settings, clients)
    if deployed:
        deployed()
    server.wait_started(settings, clients, **options)
    return ()


def _streaming(settings: Settings, clients: Clients, options: Options) -> Iterable[str]:
    streaming.wait_available(settings, clients, **options)
    return ()


def _cache(settings: Settings, clients: Clients, options: Options) -> Iterable[str]:
    cache.zones(settings, clients)
    return ()


BEFORE_THE_DOCTOR = {"02": project.enable_own_services}
"""Number -> the step without which the doctor can't look."""

NOTEBOOKS: Mapping[str, Notebook] = {
    "02": _project,
    "03": _weights,
    "04": _cluster,
    "05": _identity,
    "06": _server,
    "07": _streaming,
    "08": _cache,
}
"""Number -> its steps and checks; what they return or yield are pitfalls that don't stop it."""
