"""What is judged of a server: each rule gives what is wrong, with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..report import LintFinding
from ..server import Server
from . import command, compute, pod, release, streamer

Rule = Callable[[Server], Iterator[LintFinding]]

RULES: tuple[Rule, ...] = (
    command.listed,
    command.program,
    command.executable,
    command.variables,
    command.lost,
    release.version,
    release.words,
    release.flags,
    streamer.address,
    streamer.load_format,
    streamer.service_account,
    streamer.loader_keys,
    compute.accelerators,
    compute.parallel,
    compute.accelerator_of_node,
    compute.driver,
    pod.shared_memory,
    pod.probes,
    pod.update,
)
