"""What keeps a command in a rehearsal from real credentials and from the real services.

Variables that libraries document, and one file: credentials of the rehearsal's own where each
library looks first, and no way out by HTTPS but to package indexes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from .google.token_exchange import PATH, SUBJECT_TOKEN_TYPE
from .hub import CDN_HOST

NOBODY = "127.0.0.1:9"
"""Where nobody listens: the port of the discard service, which only root could open."""

METADATA = ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP")
"""Name the metadata server. Sources: google.auth.environment_vars; gcloud's core/credentials."""

PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy")
"""The way out by HTTPS and gRPC. Sources: requests, httpx, curl, Go's net/http; gRPC core."""

INDEXES = ("pypi.org", "files.pythonhosted.org", "download.pytorch.org")
INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
HOST_OF_URL = re.compile(r"://(?:[^/@\s]*@)?([^/:\s]+)")

LOOPBACK = ("localhost", "127.0.0.1", CDN_HOST, "127.0.0.0/8")
"""gRPC, httpx and httplib2 know hosts and no ranges, so two of the hosts stand there too."""

REMOVED = (
    *("GCLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
    *("GOOGLE_API_KEY", "GOOGLE_API_USE_CLIENT_CERTIFICATE", "GOOGLE_API_USE_MTLS_ENDPOINT"),
    *("GOOGLE_API_CERTIFICATE_CONFIG", "API_ENDPOINT_OVERRIDE", "no_grpc_proxy"),
    *("HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_OIDC_ID_TOKEN", "BOTO_PATH"),
    *("CLOUDSDK_ACTIVE_CONFIG_NAME", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"),
    *("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "CLOUDSDK_BILLING_QUOTA_PROJECT"),
    *("CLOUDSDK_PROXY_TYPE", "CLOUDSDK_PROXY_ADDRESS", "CLOUDSDK_PROXY_PORT"),
)
"""Variables that a command in a rehearsal does without: another identity, project or endpoint."""


def without_removed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the reader's shell that a command in a rehearsal keeps."""
    return {name: value for name, value in environ.items() if name not in REMOVED}


def credentials(folder: Path, token_file: Path, google_url: str) -> dict[str, str]:
    """Write the rehearsal's credentials; return the variables that lead every library to them.

    `token_file` holds the rehearsal's token, for which the server at `google_url` gives an
    access token. Sources: google.auth.default; huggingface_hub, "Environment variables"; boto,
    "Boto Config".
    """
    adc, boto = folder / "application_default_credentials.json", folder / "boto"
    adc.write_text(json.dumps(_external_account(token_file, google_url)))
    boto.touch()
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": str(adc),
        "HF_TOKEN": "",
        "HF_TOKEN_PATH": str(folder / "huggingface" / "token"),
        "BOTO_CONFIG": str(boto),
        "NO_GCE_CHECK": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        **dict.fromkeys(METADATA, NOBODY),
    }


def _external_account(token_file: Path, google_url: str) -> dict[str, object]:
    """Return credentials that are exchanged at a server of ours, not at Google's.

    A file with a refresh token would not do: Google's libraries send that to Google whatever
    the file says. Source: google.oauth2.credentials, `from_authorized_user_info`.
    """
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/rehearsal",
        "subject_token_type": SUBJECT_TOKEN_TYPE,
        "token_url": f"{google_url}{PATH}",
        "credential_source": {"file": str(token_file)},
    }


def no_way_out(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables by which HTTPS and gRPC reach this machine and package indexes only.

    pip keeps the proxy of the reader's shell; without one, the indexes are reached directly.
    """
    proxy = _proxy_of(environ)
    direct = ",".join((*LOOPBACK, *(() if proxy else _index_hosts(environ))))
    return {
        **dict.fromkeys(PROXIES, f"http://{NOBODY}"),
        "NO_PROXY": direct,
        "no_proxy": direct,
        **({"PIP_PROXY": proxy} if proxy else {}),
    }


def _proxy_of(environ: Mapping[str, str]) -> str:
    """Return the proxy that pip would use for HTTPS, "" without one."""
    names = ("PIP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    named = (environ.get(name, "") for name in names)
    # that of a rehearsal around this one is no way out either
    return next((proxy for proxy in named if proxy and NOBODY not in proxy), "")


def _index_hosts(environ: Mapping[str, str]) -> list[str]:
    named = " ".join(environ.get(name, "") for name in INDEX_VARIABLES)
    return [*INDEXES, *HOST_OF_URL.findall(named)]
