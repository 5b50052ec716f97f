"""The catalogue of pitfalls: what goes wrong on the way to a streamed model, each by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import (
    arguments,
    bucket,
    bucket_access,
    cluster,
    machine,
    model,
    model_files,
    placement,
    pod,
    project,
    server,
)
from .pitfall import Pitfall

SUBJECTS: Mapping[str, tuple[Pitfall, ...]] = MappingProxyType(
    {
        "project": project.PITFALLS,
        "bucket": (*bucket.PITFALLS, *bucket_access.PITFALLS),
        "model": (*model.PITFALLS, *model_files.PITFALLS),
        "cluster": cluster.PITFALLS,
        "pod": (*pod.PITFALLS, *placement.PITFALLS),
        "server": (*server.PITFALLS, *arguments.PITFALLS, *machine.PITFALLS),
    }
)
"""The pitfalls by what they are about, in the order in which a reader comes to them."""

CATALOGUE: Mapping[str, Pitfall] = MappingProxyType(
    {one.name: one for listed in SUBJECTS.values() for one in listed}
)
"""Every pitfall by its name."""

__all__ = ["CATALOGUE", "SUBJECTS", "Pitfall", "pitfall"]


def pitfall(name: str) -> Pitfall:
    """Return the pitfall of this name.

    Raises:
        KeyError: The catalogue has none of that name.
    """
    return CATALOGUE[name]
