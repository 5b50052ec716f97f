"""Play with the estimate: what a load and a cold start would take on another machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cloud.rehearsal import address
from ..display.widgets.explorer import Explorer
from ..measure.coldstart.own_start import own_start
from ..model.gpus import GIB, Machine, coming, machine
from ..model.load_estimate import connections
from ..model.start_estimate import Assumed, longest_group
from ..settings import Settings
from ..texts import say

__all__ = ["cold_start", "longest_group"]

_GUIDES = "g2-standard-16"
"""The guide's machine, where there are no figures of the reader's."""


def cold_start(settings: Settings, *, weight_bytes: int, measured: Mapping[str, Any]) -> Explorer:
    """Return sliders over the estimate, which begin at the settings' and the model's own values.

    `measured` is what workbook.yaml holds of a start of the reader's own: it is marked.
    """
    at = coming(settings) or machine(_GUIDES)
    own = own_start(measured)
    of_here = address() and (own.parts or own.loads)
    remark = say(
        "This is a rehearsal: your measurements are this machine's times, not Google Cloud's."
    )
    return Explorer(_assumed(settings, at, weight_bytes), at, own, remark if of_here else "")


def _assumed(settings: Settings, at: Machine, weight_bytes: int) -> Assumed:
    return Assumed(
        weights_gib=weight_bytes / GIB,
        gpus=settings.gpu_count,
        nic_gbps=at.nic_gbps,
        streams=connections(at.vcpus or 0, settings.concurrency),
        replicas=settings.replicas,
    )
