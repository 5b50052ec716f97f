"""Files that a container finds where ConfigMaps of the same input are mounted.

Source: Kubernetes' API, ConfigMapVolumeSource (`items`, `defaultMode` 0644 unless said),
ProjectedVolumeSource and VolumeMount (`subPath`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .shapes import as_list, as_map

_MODE = 0o644
_LONGEST = 50_000
"""Letters that are read of a file."""


class ConfigMaps(dict[str, Mapping[str, Any]]):
    """What ConfigMaps hold, by their names; `letters` of them are given to containers in all.

    One ConfigMap may be mounted by thousands of containers, each of which reads it.
    """

    letters = 1_000_000


@dataclass(frozen=True)
class File:
    """A file's text, and its mode, None where that is not known."""

    text: str
    mode: int | None


def files_of(
    spec: Mapping[str, Any], container: Mapping[str, Any], config_maps: ConfigMaps
) -> dict[str, File]:
    """Return the files of a container that are known, by their path; none beyond the letters."""
    volumes = {
        str(one.get("name")): dict(_volume(one, config_maps))
        for one in map(as_map, as_list(spec.get("volumes")))
    }
    found: dict[str, File] = {}
    for mount in map(as_map, as_list(container.get("volumeMounts"))):
        found.update(_mounted(mount, volumes.get(str(mount.get("name")), {})))
    config_maps.letters -= sum(_named(container, found))
    return found if config_maps.letters >= 0 else {}


def _named(container: Mapping[str, Any], files: Mapping[str, File]) -> Iterator[int]:
    """Return how much is read of the files that a container's words name."""
    words = f"{container.get('command')} {container.get('args')}"
    for path, file in files.items():
        if posixpath.basename(path) in words:
            yield min(len(file.text), _LONGEST)


def _mounted(mount: Mapping[str, Any], files: Mapping[str, File]) -> Iterator[tuple[str, File]]:
    place = str(mount.get("mountPath") or "")
    within = posixpath.normpath(str(mount.get("subPath") or "."))
    for path, file in files.items():
        if path == within:
            yield posixpath.normpath(place), file
        elif within == ".":
            yield posixpath.join(place, path), file
        elif path.startswith(f"{within}/"):
            yield posixpath.join(place, path.removeprefix(f"{within}/")), file


def _volume(volume: Mapping[str, Any], config_maps: ConfigMaps) -> Iterator[tuple[str, File]]:
    own = as_map(volume.get("configMap"))
    projected = as_map(volume.get("projected"))
    mode = own.get("defaultMode", projected.get("defaultMode", _MODE))
    for source in (own, *map(as_map, as_list(projected.get("sources")))):
        listed = source if source is own else as_map(source.get("configMap"))
        yield from _files(listed, config_maps, mode if isinstance(mode, int) else None)


def _files(
    source: Mapping[str, Any], config_maps: ConfigMaps, mode: int | None
) -> Iterator[tuple[str, File]]:
    """Return what a ConfigMap gives to a volume: all of it, or what `items` names."""
    texts = config_maps.get(str(source.get("name")), {})
    files = {str(key): File(text, mode) for key, text in texts.items() if isinstance(text, str)}
    if "items" not in source:
        yield from files.items()
    for item in map(as_map, as_list(source.get("items"))):
        if file := files.get(str(item.get("key"))):
            own = item.get("mode", mode)
            path = posixpath.normpath(str(item.get("path") or ""))
            yield path, replace(file, mode=own if isinstance(own, int) else None)
