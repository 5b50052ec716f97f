"""Write the guide for the reader's settings: as a shell script, as a manifest."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ...errors import WarmbookError
from ...terminal import one_line, show
from ...texts import say
from .options import Verbs, add_language, add_parameter, numbers, settings_from
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...cloud.clients import Clients
    from ...serving.draft import Needs
    from ...serving.guide_manifest import Manifest
    from ...settings import Settings


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    shell = verbs.add_parser(
        "commands",
        help="print the guide as a shell script for your settings; runs nothing",
        description="Print the whole guide as a shell script for your settings, with gcloud and "
        "kubectl. Read it, then run it: python -m warmbook commands | bash. What it creates costs "
        "money; --cleanup prints the part that deletes it again.",
    )
    part = shell.add_mutually_exclusive_group()
    part.add_argument(
        "--notebook", default="", metavar="NN[,NN]", help="the commands of these notebooks only"
    )
    part.add_argument(
        "--cleanup", action="store_true", help="the commands that delete everything again"
    )
    shell.add_argument(
        "--look",
        action="store_true",
        help="inspect the model in the bucket, so that the manifest requests its memory",
    )
    add_parameter(shell)
    add_language(shell, "language of its comments")
    shell.set_defaults(act=_commands)

    manifest = verbs.add_parser(
        "manifest",
        help="print the Deployment for your settings and your model; deploys nothing",
        description="Print the Deployment as YAML for your settings. The model in the bucket is "
        "inspected, to compute memory, disk and probes. Comments above the YAML list the "
        "differences from the guide's manifest, each with its reason.",
    )
    which = manifest.add_mutually_exclusive_group()
    which.add_argument(
        "--as-in-the-guide", action="store_true", help="the guide's own manifest, unchanged"
    )
    which.add_argument(
        "--comparison",
        action="store_true",
        help="the Job of notebook 09 instead, which compares loaders",
    )
    which.add_argument(
        "--autoscaling",
        action="store_true",
        help="the autoscaling objects instead (max_replicas)",
    )
    add_parameter(manifest)
    add_language(manifest, "language of its comments")
    manifest.set_defaults(act=_manifest)


def _commands(options: argparse.Namespace) -> int:
    from .. import script

    settings = settings_from(options)
    clients = _clients(settings)
    chosen = [script.CLEANUP] if options.cleanup else numbers(options.notebook)
    needs = _needs(settings, clients) if options.look else None
    show(script.script(settings, chosen, needs), end="")
    return 0


def _manifest(options: argparse.Namespace) -> int:
    from ...serving import guide_manifest
    from ...serving import manifest as server_manifest

    settings = settings_from(options)
    clients = _clients(settings)
    if options.as_in_the_guide:
        show(guide_manifest.to_yaml(guide_manifest.as_in_the_guide(settings)), end="")
        return 0
    if options.autoscaling:
        both = (guide_manifest.pod_monitoring(settings), guide_manifest.autoscaler(settings))
        show("---\n".join(map(guide_manifest.to_yaml, both)), end="")
        return 0
    needs = _needs(settings, clients)
    if options.comparison:
        show(guide_manifest.to_yaml(_comparison(settings, clients, needs)), end="")
        return 0
    show("# " + say("What differs from the guide's manifest:"))
    for one in server_manifest.improvements(settings, needs):
        show(f"# - {one_line(one.name)}: {one_line(one.reason)}")
    show(guide_manifest.to_yaml(server_manifest.deployment(settings, needs)), end="")
    return 0


def _clients(settings: Settings) -> Clients:
    """Return clients; what is printed is for one target, so half an environment is refused."""
    from ...cloud.clients import Clients

    return Clients(settings.project_id)


def _comparison(settings: Settings, clients: Clients, needs: Needs | None) -> Manifest:
    from ...measure.loaders import job
    from ...measure.loaders.catalog import loaders
    from ...serving import manifest as server_manifest

    pod = server_manifest.deployment(settings, needs)["spec"]["template"]["spec"]
    wanted = loaders(settings, mounts=not clients.rehearsal)
    plan = job.planned(settings, wanted, budget_s=60.0 * settings.compare_minutes)
    return job.manifest(settings, pod, plan, needs.weight_bytes if needs else 0)


def _needs(settings: Settings, clients: Clients) -> Needs | None:
    """Look at the model; where that can't be, say so and go on without.

    Raises:
        WarmbookError: The environment is not of one rehearsal, or that has stopped.
    """
    from ...cloud.errors import explained
    from ...steps.server import look_up, not_looked_at

    reason = ""
    clients.confirmed()
    try:
        with explained():
            needs = look_up(clients, settings)
    except WarmbookError as error:
        needs, reason = None, error.what
    if needs is None:
        show_wrapped(f"warmbook: {not_looked_at()} {reason}".rstrip(), sys.stderr)
    return needs
