"""The whole guide as a shell script: the commands of the steps, in the guide's order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..display.step import Step
from ..errors import SettingsError
from ..serving.draft import Needs
from ..serving.shell_commands import gcloud, kubectl
from ..settings import Settings
from ..steps import cache, cleanup, cluster, identity, project, server, streaming, upload, weights
from ..terminal import one_line
from ..texts import say

CLEANUP = "10"
"""The notebook that deletes; its part is printed only when it is asked for."""

_OPENING = """\
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT  # the tunnel of 07, if it still stands
export CLOUDSDK_CORE_DISABLE_PROMPTS=1           # nobody is there to answer a question"""


@dataclass(frozen=True)
class Section:
    """One notebook's section of the script: its number, what it does, its steps in order."""

    number: str
    title: str
    steps: tuple[Step[..., Any], ...]

    def lines(self, settings: Settings, needs: Needs | None) -> list[str]:
        """Return the commands of the section; a step that needs none for these choices has none."""
        shown = (
            kubectl.deploy(settings, needs) if step is server.deploy else step.command(settings)
            for step in self.steps
        )
        return [command for command in shown if command]


def sections() -> tuple[Section, ...]:
    """Return the sections of the guide in order, cleanup last."""
    return (
        Section(
            "02",
            say("Project: billing, APIs, IAM roles"),
            (
                project.find,
                project.billing,
                project.enable_own_services,
                project.enable_services,
                project.grant_roles,
            ),
        ),
        Section("03", say("Model weights in the bucket"), (upload.model, weights.inspect)),
        Section(
            "04",
            say("Cluster"),
            (cluster.gpu_offer, cluster.create, cluster.create_node_pool),
        ),
        Section(
            "05",
            say("Workload Identity Federation for GKE"),
            (
                identity.create_namespace,
                identity.create_service_account,
                identity.grant_bucket_roles,
            ),
        ),
        Section("06", say("Server"), (server.deploy,)),
        Section(
            "07",
            say("Verify the stream and query the model"),
            (
                streaming.wait_available,
                streaming.list_pods,
                streaming.measure,
                streaming.versions,
                streaming.ask,
            ),
        ),
        Section("08", say("Anywhere Cache (optional)"), (cache.create, cache.describe)),
        Section(CLEANUP, say("Clean up"), (cleanup.inventory, cleanup.delete)),
    )


def script(settings: Settings, numbers: Sequence[str] = (), needs: Needs | None = None) -> str:
    """Return the script for the sections in `numbers`, or for all but the cleanup.

    Without `needs` of the model, the manifest asks for no memory, as the guide's doesn't.

    Raises:
        SettingsError: No section has that number.
    """
    there = {section.number: section for section in sections()}
    if unknown := [number for number in numbers if number not in there]:
        raise SettingsError(
            say("Notebook {name} has no commands of its own.", name=", ".join(unknown)),
            remedy=say("The numbers are {names}.", names=", ".join(there)),
        )
    chosen = numbers or [number for number in there if number != CLEANUP]
    wanted = [section for number, section in there.items() if number in chosen]
    return (
        "\n".join(["#!/usr/bin/env bash", *_about(settings), *_body(settings, wanted, needs)])
        + "\n"
    )


def _about(settings: Settings) -> Iterator[str]:
    name = '"Accelerate model loading on GKE with Run:ai Model Streamer and vLLM"'
    yield "# " + say("The guide {name} as commands, for:", name=name)
    mode = settings.mode.capitalize()
    place = f"{settings.project_id}, {mode}, {settings.location}, {settings.model_uri}"
    yield f"#   {one_line(place)}"
    yield "# " + say("The created resources are billed until they are deleted:")
    yield "#   python -m warmbook commands --cleanup"


def _body(settings: Settings, wanted: Iterable[Section], needs: Needs | None) -> Iterator[str]:
    yield _OPENING
    connected = False
    for section in wanted:
        lines = section.lines(settings, needs)
        yield f"\n# {section.number} · {section.title}"
        if not connected and any("kubectl " in line for line in lines):
            lines.insert(0, gcloud.get_credentials(settings))
            connected = True
        yield "\n\n".join(lines)
