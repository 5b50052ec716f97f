"""What points every client of a command at a rehearsal: variables, and the files they name."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from . import isolation
from .rehearsal import ACCOUNT, LOCATION, PROJECT_ID, Rehearsal


def of_command(rehearsal: Rehearsal) -> dict[str, str]:
    """Return the whole environment of the command, of which this process's is a part."""
    return {**isolation.without_removed(os.environ), **of(rehearsal)}


def of(rehearsal: Rehearsal) -> dict[str, str]:
    """Return what points every client at this rehearsal: Python, C++, gcloud, kubectl.

    A client that can't be pointed here finds no real credentials and no way out.
    """
    token = _token_file(rehearsal)
    return {
        **isolation.credentials(rehearsal.folder, token, rehearsal.google_listener.url),
        **isolation.no_way_out(os.environ),
        **_workbook(rehearsal),
        **_gcloud(rehearsal, token),
        **_places_beside_home(rehearsal),
        "STORAGE_EMULATOR_HOST": rehearsal.storage_listener.url,
        "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
        "KUBECONFIG": str(rehearsal.clusters.kubeconfig),
    }


def _token_file(rehearsal: Rehearsal) -> Path:
    token = rehearsal.folder / "token"
    token.touch(mode=0o600)
    token.write_text(rehearsal.token)
    return token


def _workbook(rehearsal: Rehearsal) -> dict[str, str]:
    return {
        "WARMBOOK_REHEARSAL_URL": rehearsal.google_listener.url,
        "WARMBOOK_REHEARSAL_GRPC": rehearsal.servers()["caches"],
        "WARMBOOK_REHEARSAL_TOKEN": rehearsal.token,
        "WARMBOOK_REHEARSAL_FAULTS": rehearsal.fault_listener.url,
        # a rehearsal's choices are not those for a real project
        "WARMBOOK_FILE": str(rehearsal.folder / "workbook.yaml"),
        "WARMBOOK_PROJECT_ID": PROJECT_ID,
        "WARMBOOK_LOCATION": LOCATION,
        "WARMBOOK_MODEL_URI": rehearsal.model_uri,
        "WARMBOOK_ACCOUNT": ACCOUNT,
        "WARMBOOK_VLLM_VERSION": rehearsal.image.versions()["vllm"],
        **{
            f"WARMBOOK_{name.upper()}": value
            for fault in rehearsal.staged
            for name, value in fault.choices.items()
        },
        "HF_ENDPOINT": rehearsal.hub_listener.url,
        # the reader's cache has no part in a rehearsal
        "HF_HOME": str(rehearsal.folder / "huggingface"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # connection files of kernels, also of those that were killed, go with the state
        "JUPYTER_RUNTIME_DIR": str(rehearsal.folder / "jupyter"),
        **_shape(rehearsal),
    }


def _shape(rehearsal: Rehearsal) -> dict[str, str]:
    """Return the label that no figure of a shaped rehearsal goes without."""
    network = rehearsal.shaper.network
    return {"WARMBOOK_SHAPED": json.dumps(asdict(network))} if network.is_shaped else {}


def _places_beside_home(rehearsal: Rehearsal) -> dict[str, str]:
    """Return folders for programs that write into the home, where it can't be written.

    IPython would make new temporary folders for each kernel and leave them; Matplotlib
    would complain in each notebook. Sources: their documentation, and jupyter_core's.
    """
    if os.access(os.path.expanduser("~"), os.W_OK | os.X_OK):  # noqa: PTH111 - may be unknown
        return {}
    names = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    places = {name: rehearsal.folder / "home" / name.lower() for name in (*names, "MPLCONFIGDIR")}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    return {name: os.environ.get(name) or str(place) for name, place in places.items()}


def _gcloud(rehearsal: Rehearsal, token: Path) -> dict[str, str]:
    google, storage = rehearsal.google_listener.url, rehearsal.storage_listener.url
    services = ("CONTAINER", "CLOUDRESOURCEMANAGER", "SERVICEUSAGE", "CLOUDBILLING", "IAM")
    override = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
    return {
        "CLOUDSDK_CONFIG": str(rehearsal.folder / "gcloud"),
        "CLOUDSDK_CORE_PROJECT": PROJECT_ID,
        "CLOUDSDK_CORE_ACCOUNT": ACCOUNT,
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        **{f"{override}{name}": f"{google}/" for name in services},
        f"{override}COMPUTE": f"{google}/compute/v1/",
        f"{override}STORAGE": f"{storage}/storage/v1/",
    }
