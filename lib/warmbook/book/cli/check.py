"""Check what is there before it costs: the model, the project."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InterruptedWaitError, MissingError, SettingsError, WarmbookError
from ...texts import say
from .options import (
    Verbs,
    add_format,
    add_language,
    add_parameter,
    draft_from,
    draw_beside,
    number_within,
    output_named,
    path_named,
    print_as,
    saved_choices,
    settings_from,
)
from .screen import show_wrapped

if TYPE_CHECKING:
    from ...cloud.clients import Clients
    from ...model.inspect import Inspection
    from ...settings import Settings
    from ...steps.probe import Probed


def add(verbs: Verbs) -> None:
    """Add the verbs of this module."""
    weights = verbs.add_parser(
        "weights",
        help="inspect a model's folder in a bucket; reads no weights",
        description="Inspect a model's folder in a bucket: list it, and read the first kilobytes "
        "of its files. Shows what will be streamed, and what is wrong. Exit status 1 if the model "
        "would not load.",
    )
    weights.add_argument("uri", metavar="gs://BUCKET/PATH", help="the model's folder")
    weights.add_argument(
        "--picture",
        type=output_named,
        metavar="FILE",
        help="draw the bytes of each layer into an SVG or PNG file",
    )
    add_format(weights)
    add_language(weights, "language of the output")
    weights.set_defaults(act=_weights)

    sized = verbs.add_parser(
        "size",
        help="compute what a model needs: KV cache, GPUs, host memory; reads no weights",
        description="Compute what a model needs, as notebook 03 does: the KV cache of one "
        "sequence, whether weights and context fit the GPUs, the Pod's memory, the shortest load "
        "time. A folder or a config.json on this machine needs no project. What is not supported "
        "is named instead of a figure. Exit status 0 if the model fits, may fit, or if that is "
        "unknown (the verdict shows which), 1 if it does not fit, 2 if there is no such model.",
    )
    sized.add_argument(
        "model", type=_model, metavar="MODEL", help="gs://BUCKET/PATH, a folder, or a config.json"
    )
    sized.add_argument(
        "--gpu", metavar="NAME", help="GPU type, such as nvidia-l4 or l4 (your settings)"
    )
    sized.add_argument(
        "--gpus",
        type=number_within(1, 16),
        default=0,
        metavar="N",
        help="GPUs per Pod (your settings)",
    )
    sized.add_argument(
        "--max-model-len",
        type=number_within(0, 10_000_000),
        default=0,
        metavar="TOKENS",
        help="context length (the model's maximum)",
    )
    add_format(sized)
    add_language(sized, "language of the output")
    sized.set_defaults(act=_size)

    doctor = verbs.add_parser(
        "doctor",
        help="run preflight checks for a notebook",
        description="Check credentials, project, quota, bucket, cluster and roles for a notebook. "
        "Each failed check has its remedy and a command. Changes nothing. If no project or no "
        "model is chosen yet, that check fails, and those that need it are skipped. Exit status 1 "
        "if a check fails.",
    )
    doctor.add_argument(
        "--before",
        default="04",
        type=lambda number: str(number).zfill(2),
        choices=[f"{number:02}" for number in range(2, 11)],
        metavar="NN",
        help="check what notebook NN needs (04)",
    )
    add_format(doctor)
    doctor.add_argument(  # what --format json was called
        "--json", dest="format", action="store_const", const="json", help=argparse.SUPPRESS
    )
    doctor.add_argument(
        "--probe",
        action="store_true",
        help="also test the bucket access from a small Pod in the cluster",
    )
    add_parameter(doctor)
    add_language(doctor, "language of the output")
    doctor.set_defaults(act=_doctor)


def _model(text: str) -> str:
    """Return the address or the path as it was typed; an empty one is refused."""
    path_named(text)
    return text


def _weights(options: argparse.Namespace) -> int:
    from ...cloud.clients import Clients
    from ...cloud.errors import explained
    from ...settings import merge, model_uri
    from ...steps.weights import model_at

    clients = Clients(str(merge().get("project_id", ""))).confirmed()
    with explained():
        model = model_at(clients, model_uri(options.uri))
    print_as(options.format, repr(model), model.record())
    return draw_beside(0 if model.whole else 1, model.plot, options.picture)


def _size(options: argparse.Namespace) -> int:
    from ...steps.sizing import size_of

    seen = _seen(options.model)
    sizing = size_of(_sized_for(options), seen)
    where = seen.folder.uri if seen.tensors else options.model
    print_as(options.format, repr(sizing), {"model": where, **sizing.record()})
    return 0 if sizing.possible else 1


def _seen(model: str) -> Inspection:
    """Return what is seen of a model in a bucket, in a folder here, or of its config.json.

    Raises:
        MissingError: There is none.
    """
    from ...model.inspect import inspect_local

    seen = in_bucket(model) if model.startswith("gs://") else inspect_local(Path(model))
    if seen.config is None and not seen.shards:
        raise MissingError(
            say("{path} contains neither config.json nor safetensors files.", path=model),
            remedy=say("Name gs://BUCKET/PATH, a folder on this machine, or a config.json."),
        )
    return seen


def _sized_for(options: argparse.Namespace) -> Settings:
    """Return settings with the GPUs of the options; a project and a bucket are not needed.

    Raises:
        SettingsError: No machine has these GPUs.
    """
    from ...model.gpus import label_of
    from ...settings import Settings
    from ...settings.gaps import PLACEHOLDERS

    chosen = saved_choices().draft({})
    gpu = label_of(options.gpu) if options.gpu else chosen.get("gpu")
    given = {"gpu": gpu, "gpu_count": options.gpus or chosen.get("gpu_count")}
    given["tensor_parallel_size"] = options.gpus or chosen.get("tensor_parallel_size")
    wanted = {name: value for name, value in given.items() if value}
    try:
        return Settings.parse({**PLACEHOLDERS, **wanted, "max_model_len": options.max_model_len})
    except SettingsError as error:
        remedy = say("Choose another --gpu or --gpus.")
        raise SettingsError("\n".join(error.fields.values()), remedy=remedy) from None


def in_bucket(uri: str) -> Inspection:
    """Return what is seen of a model in a bucket."""
    from ...cloud.clients import Clients
    from ...cloud.errors import explained
    from ...model.inspect import inspect_model
    from ...settings import merge, model_uri

    clients = Clients(str(merge().get("project_id", ""))).confirmed()
    with explained():
        return inspect_model(clients, model_uri(uri))


def _doctor(options: argparse.Namespace) -> int:
    from ...cloud.clients import Clients
    from ...doctor.preflight import examine

    settings, missing = _as_far_as_chosen(options)
    project_id = "" if "project_id" in missing else settings.project_id
    clients = Clients(project_id, settings).confirmed()
    examined = examine(settings, clients, options.before, whole=True, missing=missing)
    try:
        probed = _probed(settings, clients) if options.probe else None
    except InterruptedWaitError:  # the whole command is interrupted
        raise
    except WarmbookError as error:
        print_as(options.format, examined.table(), examined.record())
        show_wrapped(f"warmbook: {error}", sys.stderr)
        return 1
    text = "\n\n".join([examined.table(), *([repr(probed)] if probed is not None else [])])
    told = {**examined.record(), **({"probe": probed.record()} if probed is not None else {})}
    print_as(options.format, text, told)
    return 0 if examined.healthy and (probed is None or probed.readable) else 1


def _as_far_as_chosen(options: argparse.Namespace) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings, and which of them are not chosen; a probe needs them all."""
    from ...settings.gaps import parse_with_gaps

    if options.probe:
        return settings_from(options), ()
    return parse_with_gaps(draft_from(options))


def _probed(settings: Settings, clients: Clients) -> Probed:
    from ...steps import probe

    return probe.probe(settings, clients, report=lambda progress: None)
