"""A model server of a manifest, with all that the rules ask of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import pods
from .accelerators import Accelerators, accelerators_of
from .arguments import Arguments, loader_config
from .environment import Environment
from .images import DYNAMO, VLLM, Image
from .shapes import as_list, as_map, as_whole
from .words import Word, key_line

MEMORY_LIMIT = "RUNAI_STREAMER_MEMORY_LIMIT"
_STREAMED = ("gs://", "s3://", "az://")
_STREAMER = "runai_streamer"
_HOSTS = ("--nnodes", "--node-rank", "--headless", "--distributed-executor-backend", "--node-ip")


@dataclass(frozen=True)
class Server:
    """A server: `version` of vLLM, "" where the image does not tell it.

    `lost` are options that stand where the server does not get them; `joined` says that it may use
    other Pods of a Ray cluster, `perhaps` that a condition decides whether it runs or another.
    """

    engine: str
    pod: pods.Pod
    container: Mapping[str, Any]
    image: Image
    environment: Environment
    arguments: Arguments
    lost: list[Word] = field(default_factory=list)
    joined: bool = False
    perhaps: bool = False

    @property
    def version(self) -> str:
        """The release of vLLM, as its images are tagged."""
        return self.image.version if self.engine == VLLM else ""

    @property
    def takes_vllms(self) -> bool:
        """Whether its arguments are those of vLLM."""
        return self.engine in (VLLM, DYNAMO)

    @property
    def line(self) -> int:
        """Where the container begins."""
        return pods.line(self.pod, self.container)

    @property
    def name(self) -> str:
        """The object and the container."""
        container = str(self.container.get("name") or "")
        return ", ".join(filter(None, (self.pod.name, container)))

    @property
    def accelerators(self) -> Accelerators:
        """What it computes on."""
        return accelerators_of(self.container, self.line)

    def at(self, key: str) -> int:
        """Return the line of a field of the container."""
        return key_line(self.container, key, self.line)

    @property
    def model(self) -> Word | None:
        """The model's address, None where none is given."""
        return self.arguments.model

    @property
    def load_format(self) -> Word | None:
        """How the weights are loaded, None where nothing is said."""
        return self.arguments.value("--load-format")

    @property
    def address(self) -> str:
        """The model's address if it is one of object storage, else ""."""
        text = self.model.text if self.model else ""
        return text if text.lower().startswith(_STREAMED) else ""

    @property
    def streams(self) -> bool:
        """Whether the streamer loads the model, as far as that can be told."""
        said = self.load_format.text if self.load_format else ""
        return said.startswith(_STREAMER) or (bool(self.address) and said in ("", "auto"))

    @property
    def loader_config(self) -> Mapping[str, Any] | None:
        """What the loader is told, None where it is no object."""
        return loader_config(self.arguments)

    @property
    def memory_limit(self) -> int:
        """Bytes that the streamer may hold, -1 where nothing is said; vLLM's key goes first."""
        said = self.environment.variables.get(MEMORY_LIMIT)
        limit = (self.loader_config or {}).get("memory_limit", said)
        return int(limit) if re.fullmatch(r"[0-9]{1,18}", str(limit)) else -1

    def count(self, option: str) -> int | None:
        """Return the number of an option, 1 where it is not given, None where it is not known."""
        given = self.arguments.option(option)
        if given is None:
            return None if self.arguments.open_ended else 1
        if given.value is None or not given.value.sure:
            return None
        return as_whole(given.value.text)

    @property
    def tensor_parallel_size(self) -> int:
        """GPUs that share each layer, 1 unless more are said for sure."""
        return self.count("--tensor-parallel-size") or 1

    @property
    def hosts(self) -> int | None:
        """How many Pods serve together, None where that is not known."""
        if self.pod.size is None or self.pod.size > 1:
            return self.pod.size
        spread = any(self.arguments.option(name) for name in _HOSTS)
        return None if spread or self.joined or self.pod.by_ray else 1

    @property
    def service_account(self) -> str:
        """The Pod's service account, "" where none is named."""
        return str(self.pod.spec.get("serviceAccountName") or "")

    def mounts(self, path: str) -> bool:
        """Say whether something is mounted at a path."""
        mounts = map(as_map, as_list(self.container.get("volumeMounts")))
        return any(str(one.get("mountPath") or "").rstrip("/") == path for one in mounts)
