"""The bar at the head of a notebook: where in the workbook it stands, and what is billed now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..cloud import anywhere_cache, gke
from ..cloud.clients import Clients
from ..cloud.errors import explained
from ..display.banner import banner
from ..display.card import AMBER, GREEN, GREY, escape
from ..display.unbroken import unbroken
from ..errors import WarmbookError
from ..measure.node_costs import cost_rows, machines_of
from ..settings import Settings
from ..terminal import printable
from ..texts import marked, say

TOPICS = (
    marked("settings"),
    marked("project"),
    marked("weights"),
    marked("cluster"),
    marked("identity"),
    marked("server"),
    marked("streaming"),
    marked("cache"),
    marked("compare"),
    marked("cleanup"),
)
NOTEBOOKS = tuple(f"{number:02}_{topic}" for number, topic in enumerate(TOPICS, 1))
LOOK_S = 10.0
"""How long Google Cloud may take to list the clusters; the bar is no reason to wait longer."""

_HERE = "#59636e"
"""Behind the white number of this notebook: 6 to 1, where the grey of the cards has 3.7 to 1."""


@dataclass(frozen=True, repr=False)
class Overview:
    """The bar: the number of this notebook, the banner, and the resources that are billed.

    `billed` is None where it is not known.
    """

    notebook: str
    banner: str
    rehearsal: bool
    billed: tuple[str, ...] | None

    @property
    def costs(self) -> str:
        """What is billed now, as a sentence."""
        if self.billed is None:
            return say("Billed now: unknown, the clusters could not be listed.")
        if not self.billed:
            return say("Billed now: no cluster and no cache of the workbook.")
        resources = "; ".join(self.billed)
        if self.rehearsal:
            return say("On Google Cloud, these would be billed now: {it}", it=resources)
        return say("Billed now: {it}", it=resources)

    def __repr__(self) -> str:
        place = say("Notebook {number} of {all}", number=int(self.notebook), all=len(NOTEBOOKS))
        return printable(f"{self.banner}\n{place}. {self.costs}")

    def _repr_html_(self) -> str:
        colour = GREEN if self.rehearsal else AMBER
        steps = "".join(map(self._step, NOTEBOOKS))
        return (
            f'<div style="border:1px solid {colour};border-left-width:6px;border-radius:4px;'
            f'padding:6px 14px;max-width:56em"><b>{escape(self.banner)}</b>'
            f'<nav aria-label="{escape(say("Notebooks"))}" style="display:flex;flex-wrap:wrap;'
            f'gap:4px;margin:6px 0">{steps}</nav><div>{unbroken(self.costs)}</div></div>'
        )

    def _step(self, name: str) -> str:
        number, _, topic = name.partition("_")
        here = number == self.notebook
        look = f"background:{_HERE};color:#fff;font-weight:600" if here else f"border-color:{GREY}"
        current = ' aria-current="step"' if here else ""
        return (
            f'<a href="{name}.ipynb"{current} style="text-decoration:none;color:inherit;'
            f'border:1px solid {GREY};border-radius:10px;padding:0 8px;font-size:88%;{look}">'
            f"{int(number)} {escape(say(topic))}</a>"
        )


def here(settings: Settings, clients: Clients, notebook: str) -> Overview:
    """Return the bar for a notebook by its number, such as "04"; a failed look-up fails nothing."""
    billed = _billed(settings, clients)
    return Overview(notebook, banner(clients), bool(clients.rehearsal), billed)


def _billed(settings: Settings, clients: Clients) -> tuple[str, ...] | None:
    try:
        with explained():
            return tuple(_resources(settings, clients))
    except WarmbookError as error:
        # a new project: without the API there is no cluster
        return () if error.pitfall == "api-off" else None


def _resources(settings: Settings, clients: Clients) -> Iterator[str]:
    """Yield what the workbook created and Google bills, as far as lists tell it."""
    everywhere = f"projects/{settings.project_id}/locations/-"
    listed = clients.clusters.list_clusters(parent=everywhere, timeout=LOOK_S).clusters
    ours = [one for one in listed if _marked(one)]
    for cluster in ours:
        yield say("cluster {name} in {place}", name=cluster.name, place=cluster.location)
    if any(one.name == settings.cluster_name for one in ours):
        yield from (row.detail for row in cost_rows(machines_of(clients)))
    for cache in anywhere_cache.find(clients, settings.bucket_name):
        if cache.state != "disabled":
            yield say("cache in {zone}", zone=cache.zone)


def _marked(cluster: object) -> bool:
    labels = getattr(cluster, "resource_labels", {})
    pools = getattr(cluster, "node_pools", ())
    return gke.is_marked(labels) or any(gke.is_marked(p.config.resource_labels) for p in pools)
