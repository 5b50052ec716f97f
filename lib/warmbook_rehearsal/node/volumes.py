"""A Pod's volumes as folders of this machine, and where its containers see them.

Source: Kubernetes, "Volumes", "Projected Volumes"; pkg/volume/{configmap,secret,projected,
downwardapi} and pkg/kubelet/kubelet_pods.go, makeMounts (the wordings).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..kubernetes import Store
from . import volume_files
from .fields import Fields
from .sources import MissingError, entries
from .variables import expanded
from .view import Mount

Obj = dict[str, Any]
Files = dict[str, tuple[bytes, int]]

OPEN = 0o777
DEFAULT_MODE = 0o644
PROJECTED = ("configMap", "secret", "downwardAPI", "projected")
SHARED_MEMORY = "/dev/shm"
"""Where this machine has a folder in memory already, which stands for a Pod's own."""

_NO_KEY = {
    "configMap": "configmap references non-existent config key: {}",
    "secret": "references non-existent secret key: {}",
}


class MountError(Exception):
    """A volume that can't be set up (yet): its name, and in the kubelet's words why."""

    def __init__(self, volume: str, why: object) -> None:
        super().__init__(f'MountVolume.SetUp failed for volume "{volume}" : {why}')


class Volumes:
    """The volumes of one Pod; `claim_folder` tells where a claim's files are."""

    def __init__(
        self,
        store: Store,
        fields: Fields,
        pod: Obj,
        folder: Path,
        claim_folder: Callable[[str, str], Path],
    ) -> None:
        self._store, self._fields, self._folder = store, fields, folder
        self._namespace = pod["metadata"]["namespace"]
        self._claim_folder = claim_folder
        self._volumes: Mapping[str, Obj] = {v["name"]: v for v in pod["spec"].get("volumes") or ()}

    def set_up(self) -> None:
        """Make every volume's folder with what is to be in it.

        Raises:
            MountError: A ConfigMap, a Secret or a key in it is absent, and not optional.
        """
        for name, volume in self._volumes.items():
            try:
                self._set_up(name, volume)
            except (MissingError, OSError) as error:
                raise MountError(name, error) from None

    def refresh(self) -> None:
        """Let the files follow what they come from; if that is gone, they stay as they are."""
        for name, volume in self._volumes.items():
            with suppress(MissingError, OSError):
                if any(kind in volume for kind in PROJECTED):
                    self._set_up(name, volume)

    def _set_up(self, name: str, volume: Obj) -> None:
        if "emptyDir" in volume:
            (self._folder / name).mkdir(parents=True, exist_ok=True)
            (self._folder / name).chmod(OPEN)
        for kind in PROJECTED:
            if kind in volume:
                files = dict(self._files(kind, volume[kind]))
                if astray := [path for path in files if _astray(path)]:
                    raise MissingError(f"invalid path: {astray[0]}")
                volume_files.write(self._folder / name, files)

    def _files(self, kind: str, source: Obj) -> Iterator[tuple[str, tuple[bytes, int]]]:
        mode = source.get("defaultMode", DEFAULT_MODE)
        parts = source.get("sources") or () if kind == "projected" else ({kind: source},)
        for part in parts:
            for inner in ("configMap", "secret"):
                if inner in part:
                    yield from self._held(inner, part[inner], mode)
            for item in (part.get("downwardAPI") or {}).get("items") or ():
                yield item["path"], (self._as_text(item).encode(), item.get("mode", mode))

    def _held(self, kind: str, source: Obj, mode: int) -> Iterator[tuple[str, tuple[bytes, int]]]:
        optional = bool(source.get("optional"))
        name = source.get("name") or source.get("secretName") or ""
        held = entries(self._store, self._namespace, kind, name, optional=optional)
        if (items := source.get("items")) is None:
            yield from ((key, (value, mode)) for key, value in held.items())
            return
        for item in items:
            if item["key"] in held:
                yield item["path"], (held[item["key"]], item.get("mode", mode))
            elif not optional:
                raise MissingError(_NO_KEY[kind].format(item["key"]))

    def _as_text(self, item: Obj) -> str:
        if reference := item.get("fieldRef"):
            return self._fields.field(reference["fieldPath"]) or ""
        reference = item.get("resourceFieldRef")
        return (self._fields.resource(reference, "") if reference else None) or ""

    # what a container sees

    def mounts(self, container: Obj, variables: Mapping[str, str], place: Path) -> list[Mount]:
        """Return what stands where in a container; `place` keeps the single files of volumes.

        Raises:
            MissingError: A subPath leads out of its volume.
        """
        found = []
        for at, mount in enumerate(container.get("volumeMounts") or ()):
            volume = self._volumes.get(mount["name"]) or {}
            if (source := self._source(volume)) is None or _in_memory(volume, mount):
                continue
            claim = volume.get("persistentVolumeClaim") or {}
            read_only = bool(mount.get("readOnly") or claim.get("readOnly"))
            fixed = any(kind in volume for kind in PROJECTED)
            if inner := _sub_path(mount, variables):
                source = _below(source, inner)
                if fixed and source.is_file():
                    source = _kept(source, place / str(at))
            target = f"/{mount['mountPath'].lstrip('/')}"
            found.append(Mount(source, target, read_only=fixed or read_only))
        return found

    def _source(self, volume: Obj) -> Path | None:
        if claim := volume.get("persistentVolumeClaim"):
            return self._claim_folder(self._namespace, claim["claimName"])
        if any(kind in volume for kind in ("emptyDir", *PROJECTED)):
            return self._folder / str(volume["name"])
        return None

    def left_out(self, container: Obj) -> list[str]:
        """Return what of the container's volumes is not there, each to be told."""
        names = {mount["name"] for mount in container.get("volumeMounts") or ()}
        found = []
        for name in sorted(names & self._volumes.keys()):
            volume = self._volumes[name]
            if self._source(volume) is None:
                kinds = ", ".join(sorted(volume.keys() - {"name"}))
                found.append(f"volume {name} is not mounted: {kinds} is not served here")
            for part in (volume.get("projected") or {}).get("sources") or ():
                for kind in part.keys() & {"serviceAccountToken", "clusterTrustBundle"}:
                    found.append(f"volume {name} has no {kind}: none is issued here")
        return found


def _astray(path: str) -> bool:
    """Tell whether a path would lead out of the volume, or into what keeps it whole."""
    return path.startswith(("/", "..")) or ".." in Path(path).parts


def _in_memory(volume: Obj, mount: Obj) -> bool:
    medium = (volume.get("emptyDir") or {}).get("medium")
    return medium == "Memory" and mount["mountPath"].rstrip("/") == SHARED_MEMORY


def _sub_path(mount: Obj, variables: Mapping[str, str]) -> str:
    inner = mount.get("subPath") or expanded(mount.get("subPathExpr") or "", variables)
    if inner.startswith("/"):
        raise MissingError(f"error SubPath `{inner}` must not be an absolute path")
    if ".." in Path(inner).parts:
        raise MissingError(f"unable to provision SubPath `{inner}`: must not contain '..'")
    return str(inner)


def _below(volume: Path, inner: str) -> Path:
    """Return a file or folder within a volume; a folder is made if nothing is there.

    Raises:
        MissingError: A link in the volume leads out of it.
    """
    found = (volume / inner).resolve()
    if not found.is_relative_to(volume.resolve()):
        raise MissingError(f"unable to provision SubPath `{inner}`: it is outside of the volume")
    if not found.exists():
        found.mkdir(parents=True)
        found.chmod(OPEN)
    return found


def _kept(file: Path, at: Path) -> Path:
    """Return a copy of a file: what is mounted by subPath does not follow its source."""
    at.parent.mkdir(parents=True, exist_ok=True)
    at.unlink(missing_ok=True)
    shutil.copy2(file, at)
    return at
