"""The GPU node pool of a Standard cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...cloud.api_errors import google_reason
from ...cloud.clients import Clients
from ...cloud.gke import BUSY, FAILED, LABEL, READY
from ...cloud.readiness import holds_later
from ...display.card import Card, Row
from ...display.progress import Report, polled, wait_until
from ...display.step import step
from ...errors import ResourceFailedError
from ...serving import gpu_driver
from ...serving.guide_manifest import GPU_POOL
from ...serving.shell_commands import gcloud
from ...settings import Settings
from ...texts import say
from .operations import SCOPES, is_ready, pitfall_of, upkeep


@dataclass(frozen=True, repr=False)
class Pool(Card):
    """The GPU node pool; Autopilot needs none."""

    needed: bool
    status: str
    machine_type: str = ""
    gpus: str = ""
    driver: str = ""
    driver_wanted: str = ""
    created: bool = False

    @property
    def ready(self) -> bool:
        """Whether GPU Pods can get a node."""
        return not self.needed or self.status in READY

    @property
    def node_comes_with(self) -> str:
        """What creates a GPU node: the node `pool`, or each `pod` that requests a GPU."""
        return "pool" if self.needed else "pod"

    def title(self) -> str:
        if not self.needed:
            return say(
                "No node pool needed: Autopilot provisions a GPU node when a Pod requests one"
            )
        return say("Node pool {name} is {status}", name=GPU_POOL, status=self.status)

    def rows(self) -> Sequence[Row]:
        if not self.needed:
            return ()
        how = say("created now") if self.created else say("already existed")
        return (
            Row(say("machine"), self.machine_type, "ok"),
            Row(say("GPUs"), self.gpus, "ok"),
            self._driver(),
            Row(say("origin"), how, "ok", new=self.created),
        )

    def _driver(self) -> Row:
        if self.driver_wanted in ("", self.driver):
            return Row(say("GPU driver"), self.driver, "ok")
        told = say(
            "{driver}; the server needs {wanted}: see the preflight checks of notebook 06",
            driver=self.driver,
            wanted=self.driver_wanted,
        )
        return Row(say("GPU driver"), told, "warning")


@step(gcloud.create_node_pool)
def create_node_pool(settings: Settings, clients: Clients, *, report: Report | None = None) -> Pool:
    """Create the GPU pool of a Standard cluster unless it exists; Autopilot needs none.

    Source: guide, "Crea un clúster de GKE con GPUs", Estándar. The driver's installation is
    asked for explicitly: the API's own default installs none. While the cluster is busy with
    something else, such as an upgrade, the pool is asked for again.

    Raises:
        ResourceFailedError: GKE reports ERROR, for want of quota or machines.
        WaitTimeoutError: Not RUNNING within 30 minutes.
    """
    if settings.mode == "autopilot":
        return Pool(needed=False, status="")
    existing = _find(settings, clients)
    created = existing is None
    if existing is None or existing.status.name not in READY:
        existing = wait_until(
            _asked_for(settings, clients),
            what=say("Node pool {name}", name=GPU_POOL),
            state=lambda pool: pool.status.name if pool else say("absent"),
            ready=is_ready,
            failed=_failure,
            meanwhile=say(
                "GKE continues to create the node pool {name}, which is billed until notebook 10.",
                name=GPU_POOL,
            ),
            report=report,
        )
    assert existing is not None
    config = existing.config
    return Pool(
        needed=True,
        status=existing.status.name,
        machine_type=config.machine_type,
        gpus=", ".join(
            f"{a.accelerator_count} x {a.accelerator_type}" for a in config.accelerators
        ),
        driver=", ".join(_drivers(config)),
        driver_wanted=gpu_driver.chosen(settings),
        created=created,
    )


def _drivers(config: Any) -> list[str]:
    """Return which drivers a pool asks for, as the form writes them."""
    asked_for = (a.gpu_driver_installation_config.gpu_driver_version for a in config.accelerators)
    return sorted({one.name.lower() for one in asked_for})


def _asked_for(settings: Settings, clients: Clients) -> Iterator[Any | None]:
    """Yield the pool as it is; ask for it once, as soon as the cluster takes the request."""
    asked = False
    for existing in polled(lambda: _find(settings, clients)):
        if existing is None and not asked:
            asked = _ask_for(settings, clients)
        yield existing


def _ask_for(settings: Settings, clients: Clients) -> bool:
    """Ask for the pool; return whether GKE took the request."""
    from google.api_core.exceptions import BadRequest, Conflict

    parent = clients.cluster_path(settings)
    try:
        clients.clusters.create_node_pool(parent=parent, node_pool=wanted_pool(settings))
    except Conflict:  # made by an attempt whose answer was lost
        return True
    except BadRequest as error:
        busy = BUSY.search(f"{google_reason(error)} {error.message}")
        if not busy and not holds_later(clients, error):
            raise
        return False
    return True


def _find(settings: Settings, clients: Clients) -> Any | None:
    from google.api_core.exceptions import NotFound

    try:
        name = f"{clients.cluster_path(settings)}/nodePools/{GPU_POOL}"
        return clients.clusters.get_node_pool(name=name)
    except NotFound:
        return None


def wanted_pool(settings: Settings) -> Any:
    """Return the GPU pool as gcloud asks for it, with driver installation and the workbook's label.

    Source: gcloud 528, `container node-pools create`.
    """
    from google.cloud import container_v1 as gke

    driver = gke.GPUDriverInstallationConfig(gpu_driver_version=gpu_driver.chosen(settings).upper())
    gpu = gke.AcceleratorConfig(
        accelerator_count=settings.gpu_count,
        accelerator_type=settings.gpu,
        gpu_driver_installation_config=driver,
    )
    config = gke.NodeConfig(
        machine_type=settings.machine_type,
        accelerators=[gpu],
        oauth_scopes=SCOPES,
        spot=settings.spot,
        resource_labels=LABEL,
    )
    return gke.NodePool(name=GPU_POOL, initial_node_count=1, config=config, **upkeep())


def _failure(pool: Any | None) -> ResourceFailedError | None:
    if pool is None or pool.status.name not in FAILED:
        return None
    told = "; ".join(c.message for c in pool.conditions if c.message) or pool.status.name
    return ResourceFailedError(
        say("GKE could not create the node pool: {reason}", reason=told),
        remedy=say(
            "Request GPU quota or choose another zone, delete the node pool, then try again."
        ),
        pitfall=pitfall_of(told),
    )
