"""The order of the form: the settings that matter first, the others folded by topic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import ipywidgets as w

from ...texts import marked, say
from .fields import Field

FIRST = marked("Model and location")
"""The topic that is never folded."""

GROUPS: dict[str, tuple[str, ...]] = {
    FIRST: ("project_id", "location", "model_uri"),
    marked("Upload"): ("model_source",),
    marked("Cluster and GPUs"): (
        "mode",
        "cluster_name",
        "gpu",
        "gpu_count",
        "machine_type",
        "gpu_driver",
        "spot",
    ),
    marked("Namespace and permissions"): ("account", "namespace", "service_account", "object_role"),
    marked("Inference server"): (
        "inference_server",
        "vllm_version",
        "sglang_version",
        "tensor_parallel_size",
        "max_model_len",
        "concurrency",
        "replicas",
    ),
    marked("Prompt box"): ("temperature", "max_tokens"),
    marked("Cache and autoscaling"): ("zone", "cache_scope", "max_replicas"),
    marked("Comparison of loaders"): (
        "compare_runs",
        "compare_tunable",
        "compare_minutes",
        "compare_usd",
    ),
}

IN_ORDER = tuple(name for names in GROUPS.values() for name in names)
MOST_UNFOLDED = 8
"""Up to so many settings, a form shows them all, without topics."""


class Topic(w.VBox):
    """The settings of one topic behind a button that unfolds them.

    The button is a real one, so the keyboard reaches it, which it does not with the headers of
    ipywidgets' Accordion.
    """

    def __init__(self, title: str, fields: Sequence[Field]) -> None:
        self._title, self._fields = title, fields
        self._inside = w.VBox(list(fields))
        self.button = w.ToggleButton(value=False, _dom_classes=("wb-topic",))
        self.button.observe(lambda _: self._draw(), "value")
        super().__init__([self.button, self._inside])
        self._draw()

    def tell(self, wrong: Collection[str]) -> None:
        """Say how many of the settings were chosen; unfold them where one of them is wrong."""
        if any(field.name in wrong for field in self._fields):
            self.button.value = True
        self._draw()

    def _draw(self) -> None:
        unfolded = bool(self.button.value)
        self._inside.layout.display = "" if unfolded else "none"
        count = sum(bool(field.typed) for field in self._fields)
        chosen = " · " + say("{count} chosen", count=count) if count else ""
        self.button.description = f"{'▾' if unfolded else '▸'} {say(self._title)}{chosen}"


def arranged(fields: Mapping[str, Field]) -> list[Field | Topic]:
    """Return the fields in the form's order, in topics where they are many."""
    if len(fields) <= MOST_UNFOLDED:
        return [fields[name] for name in IN_ORDER if name in fields]
    rows: list[Field | Topic] = []
    for title, names in GROUPS.items():
        here = [fields[name] for name in names if name in fields]
        rows += here if title == FIRST else [Topic(title, here)] if here else []
    return rows
