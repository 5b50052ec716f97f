"""What the log of a server that ended tells: each line that has a known cause."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...cloud.objects import at, items, text
from ...serving.containers import server_container
from .evidence import Diagnosis, Evidence

LONGEST_QUOTE = 300

FATAL = {
    "metadata-server-off": r"\d+-compute@developer\.gserviceaccount\.com does not have storage\.",
    "bucket-viewer-missing": (
        r"does not have storage\.buckets\.get access|Permission 'storage\.buckets\.get' denied"
    ),
    "object-role-missing": (
        r"does not have storage\.objects\.\w+ access|Permission 'storage\.objects\.\w+' denied"
    ),
    "uniform-access-off": r"412 GET \S+/storage/v1/b/",
    "bucket-missing": r"404 GET \S+/storage/v1/b/[^/?\s]+(\?|:|$)|specified bucket does not exist",
    "gated-model": r"GatedRepoError|Access to model \S+ is restricted|not in the authorized list",
    "flag-removed": r"unrecognized arguments: ",
    "gcs-support-missing": r"GCS files module not found",
    "gcs-client-failed": r"Failed to create GCS client|default credentials were not found",
    "load-format": r"To load a model from .*'load_format' must be ",
    "sharded-on-gs": r"only pre-sharded checkpoints are currently supported",
    "loader-key-unknown": r"Unexpected extra config keys for runai_streamer",
    "memory-limit-below-tensor": r"Memory limit supplied: .*cannot be smaller than",
    "fd-limit": r"Increase process fd limit or decrease the concurrency level",
    "weights-not-found": r"Cannot find any safetensors model weights",
    "config-missing": (
        r"no config file found|Could not detect config format|"
        r"Invalid repository ID or local directory specified: '\S*/model_streamer/"
    ),
    "merges-missing": r"merges\.txt\S*.*not found|No such file or directory: \S*merges\.txt",
    "shard-broken": (
        r"File .*is truncated or empty\.|Corrupted File: |Corrupted Tensor|Unsupported dtype"
    ),
    "file-access-error": r"File access error",
    "assets-folder-race": r"FileExistsError: .*model_streamer",
    "cuda-driver-mismatch": r"Error 803: |unsupported display driver / cuda driver combination",
    "driver-too-old": r"NVIDIA driver on your system is too old",
    "kv-cache-too-small": (
        r"larger than the available KV cache memory|No available memory for the cache blocks"
    ),
    "broadcast-timeout": r"\[RunAI Streamer\]\[Distributed\].*broadcast timed out",
    "shm-too-small": r"(creating|attaching to) shared memory segment|insufficient shared memory",
}
"""What ends a server at each start alike, the plainest causes first."""

BESIDE = {
    "probe-too-short": r"KeyboardInterrupt: terminated",
    "success-line-lies": r"\[RunAI Streamer\] Overall time to stream ",
    "distributed-fallback": r"fallback to non distributed streaming",
}
"""What a log may hold without being the cause."""

_FATAL = {name: re.compile(pattern) for name, pattern in FATAL.items()}
_BESIDE = {name: re.compile(pattern) for name, pattern in BESIDE.items()}
_UPPERCASE = re.compile(r"(GS|Gs|gS)://")


def causes(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what the logs give as the cause, the plainest first."""
    for name, quote in _matches(_FATAL, evidence):
        if name == "gcs-support-missing" and "sglang" in _image(evidence):
            yield Diagnosis("sglang-extra", quote, hopeless=True)
        yield Diagnosis(name, quote, hopeless=True)


def hints(evidence: Evidence) -> Iterator[Diagnosis]:
    """Yield what the logs and the arguments of a server that ended hint at."""
    if evidence.ended:
        for word in _words(evidence):
            if _UPPERCASE.search(word):
                yield Diagnosis("scheme-uppercase", word[:LONGEST_QUOTE], hopeless=True)
    for name, quote in _matches(_BESIDE, evidence):
        if name != "success-line-lies" or evidence.ended:
            yield Diagnosis(name, quote)


def _matches(patterns: dict[str, re.Pattern[str]], evidence: Evidence) -> Iterator[tuple[str, str]]:
    for name, pattern in patterns.items():
        for log in (evidence.previous, evidence.log):
            if found := pattern.search(log):
                yield name, _line(log, found.start())


def _line(log: str, start: int) -> str:
    """Return the line of the log at a place, from that place on if it is very long."""
    begin = log.rfind("\n", 0, start) + 1
    end = log.find("\n", start)
    line = log[begin : end if end >= 0 else len(log)].strip()
    return line if len(line) <= LONGEST_QUOTE else log[start : start + LONGEST_QUOTE].split("\n")[0]


def _container(evidence: Evidence) -> object:
    return server_container(at(evidence.pod, "spec"))


def _image(evidence: Evidence) -> str:
    return text(at(_container(evidence), "image"))


def _words(evidence: Evidence) -> list[str]:
    return [text(word) for word in items(at(_container(evidence), "args"))]
