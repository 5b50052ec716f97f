"""The only place that builds clients, and the only fork between Google Cloud and rehearsal."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import MissingError
from ..settings import Settings
from ..texts import say
from .kubernetes import Kubernetes
from .kubernetes_connection import dns_endpoint
from .rehearsal import OVERRIDE, confirm, is_loopback, refuse_if_gone, servers, shaped
from .retry import PATIENCE_S, REHEARSED_S

if TYPE_CHECKING:
    from google.cloud import (
        billing_v1,
        container_v1,
        resourcemanager_v3,
        service_usage_v1,
        storage,
        storage_control_v2,
    )

T = TypeVar("T")
ClientsT = TypeVar("ClientsT", bound="Clients")

GOOGLE = {
    "projects": "https://cloudresourcemanager.googleapis.com",
    "services": "https://serviceusage.googleapis.com",
    "billing": "https://cloudbilling.googleapis.com",
    "clusters": "https://container.googleapis.com",
    "storage": "https://storage.googleapis.com",
    "caches": "https://storage.googleapis.com",
    "compute": "https://compute.googleapis.com",
    "monitoring": "https://monitoring.googleapis.com",
    "quotas": "https://cloudquotas.googleapis.com",
    "iam": "https://iam.googleapis.com",
}
"""Where each client calls Google Cloud: its library's default, for two of them the one here."""

READERS = 32
"""How many requests to Cloud Storage may be under way at a time."""

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

NO_QUOTA_PROJECT = "Your application has authenticated using end user credentials"
"""How google-auth's warning begins; the project that it misses is set by `counted`."""


class Clients:
    """One client per service, each built at its first use.

    Raises:
        SettingsError: The environment is a rehearsal's in part, so that some calls would reach
            Google Cloud and others would not.
    """

    def __init__(
        self,
        project_id: str,
        settings: Settings | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self.project_id, self._settings = project_id, settings
        self._servers = servers(environ)
        self.rehearsal = self._servers.google if self._servers else ""
        self.network = shaped(environ) if self.rehearsal else None
        """How the rehearsal's network is shaped, None where it is not, and in Google Cloud."""
        self.endpoints = self._endpoints(environ)
        """Where the calls of each client go, by the client's name."""

    def _endpoints(self, environ: Mapping[str, str]) -> dict[str, str]:
        if self._servers:
            own = {"storage": self._servers.storage, "caches": self._servers.caches}
            return {**dict.fromkeys(GOOGLE, self._servers.google), **own}
        return {**GOOGLE, "storage": environ.get(OVERRIDE) or GOOGLE["storage"]}

    def confirmed(self: ClientsT) -> ClientsT:
        """Return these clients, once the rehearsal has said that it is up and all of one piece.

        Google Cloud is not asked anything.

        Raises:
            SettingsError: The environment names servers of several rehearsals.
            UnreachableError: The rehearsal has stopped.
        """
        if self._servers:
            confirm(self._servers)
        return self

    @property
    def patience_s(self) -> float:
        """How long a request is sent again while a service refuses it for a while, in seconds."""
        return REHEARSED_S if self.rehearsal else PATIENCE_S

    @property
    def target(self) -> str:
        """`rehearsal` where every client calls this machine, else `google-cloud`."""
        here = all(map(is_loopback, self.endpoints.values()))
        return "rehearsal" if here else "google-cloud"

    @cached_property
    def credentials(self) -> Any:
        """The reader's credentials, for requests that count against a project.

        A person's count against the project of the settings, unless they name another
        themselves; a service account's against its own. Source: gcloud 528, `GetQuotaProject`
        in core/credentials/creds.py. Without a quota project a person's get 403 from the APIs
        of projects: Authentication, "User credentials not working".
        """
        return counted(self.own_credentials, self.project_id)

    @cached_property
    def own_credentials(self) -> Any:
        """The reader's credentials as they are: Application Default ones, or the rehearsal's."""
        if self._servers:
            from google.oauth2.credentials import Credentials

            return Credentials(token=self._servers.token)
        import google.auth

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", NO_QUOTA_PROJECT, UserWarning)
            found, _ = google.auth.default(scopes=[SCOPE])
        return found

    @property
    def account(self) -> str:
        """E-mail of the credentials, or nothing where they don't say."""
        held = self.credentials
        for name in ("service_account_email", "account"):
            if "@" in (email := str(getattr(held, name, "") or "")):
                return email
        return ""

    @cached_property
    def projects(self) -> resourcemanager_v3.ProjectsClient:
        """Projects and their IAM policy."""
        from google.cloud import resourcemanager_v3

        return self._persistent(resourcemanager_v3.ProjectsClient(**self._rest("projects")))

    @cached_property
    def new_projects(self) -> resourcemanager_v3.ProjectsClient:
        """The same for a project that is not there yet: no request can count against it."""
        from google.cloud import resourcemanager_v3

        options = {**self._rest("projects"), "credentials": self.own_credentials}
        return self._persistent(resourcemanager_v3.ProjectsClient(**options))

    @cached_property
    def services(self) -> service_usage_v1.ServiceUsageClient:
        """Which APIs are on; nothing counts against the project, where it may be off itself.

        Source: gcloud 528, `_GetClientInstance` in api_lib/services/serviceusage.py.
        """
        from google.cloud import service_usage_v1

        options = {**self._rest("services"), "credentials": self.own_credentials}
        return self._persistent(service_usage_v1.ServiceUsageClient(**options))

    @cached_property
    def billing(self) -> billing_v1.CloudBillingClient:
        """Whether billing is on."""
        from google.cloud import billing_v1

        return self._persistent(billing_v1.CloudBillingClient(**self._rest("billing")))

    @cached_property
    def clusters(self) -> container_v1.ClusterManagerClient:
        """GKE clusters, node pools and their operations."""
        from google.cloud import container_v1

        return self._persistent(container_v1.ClusterManagerClient(**self._rest("clusters")))

    def _rest(self, name: str) -> dict[str, Any]:
        # REST in both targets: it passes proxies, and the rehearsal needs one face only.
        return {"transport": "rest", "credentials": self.credentials, **self._options(name)}

    def _options(self, name: str) -> dict[str, Any]:
        """Return the option that names a client's endpoint; for Google Cloud, its library does."""
        if not self.rehearsal:
            return {}
        return {"client_options": {"api_endpoint": self.endpoints[name]}}

    def _persistent(self, client: T) -> T:
        """Let each request of a client be sent again while that may help, a POST too."""
        from .sessions import make_persistent, session_of_rest

        make_persistent(session_of_rest(client), self.patience_s)
        return client

    @cached_property
    def storage(self) -> storage.Client:
        """Buckets, objects, bucket policies.

        Its library sends again what may be sent twice, for two minutes.
        """
        from google.cloud import storage

        from .sessions import keep_connections, session_of_storage

        options = self._options("storage")
        client = storage.Client(self.project_id or None, self.credentials, **options)
        keep_connections(session_of_storage(client), READERS)
        return client

    @cached_property
    def caches(self) -> storage_control_v2.StorageControlClient:
        """Anywhere Caches; their calls exist over gRPC only."""
        from google.cloud import storage_control_v2

        client = storage_control_v2.StorageControlClient
        if not self._servers:
            return client(credentials=self.credentials)
        import grpc

        channel = grpc.intercept_channel(
            grpc.insecure_channel(self.endpoints["caches"]), _bearer(grpc, self._servers.token)
        )
        return client(transport=client.get_transport_class("grpc")(channel=channel))

    def compute(self, path: str, **parameters: str) -> dict[str, Any]:
        """Return Compute Engine's answer for `path` below the project, "" for itself.

        Four look-ups don't pay for google-cloud-compute: 69 MB and 1.7 s at import. The
        session is google-auth's own.
        """
        base = self.endpoints["compute"]
        return self._look_up(f"{base}/compute/v1/projects/{self.project_id}/{path}", parameters)

    def service_account(self, address: str) -> dict[str, Any]:
        """Return IAM's answer for a service account of the project; as `compute`."""
        place = f"projects/{self.project_id}/serviceAccounts/{address}"
        return self._look_up(f"{self.endpoints['iam']}/v1/{place}", {})

    def monitoring(self, path: str, **parameters: str) -> dict[str, Any]:
        """Return Cloud Monitoring's answer for `path` below the project; as `compute`."""
        base = self.endpoints["monitoring"]
        return self._look_up(f"{base}/v3/projects/{self.project_id}/{path}", parameters)

    def quota(self, service: str, quota_id: str) -> dict[str, Any]:
        """Return what Cloud Quotas says of a service's quota in the project; as `compute`."""
        place = f"projects/{self.project_id}/locations/global/services/{service}"
        return self._look_up(f"{self.endpoints['quotas']}/v1/{place}/quotaInfos/{quota_id}", {})

    def _look_up(self, url: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        answer = self._session.get(url.rstrip("/"), params=parameters, timeout=30)
        if answer.status_code >= 400:
            from google.api_core.exceptions import from_http_response

            raise from_http_response(answer)
        return dict(answer.json())

    @cached_property
    def _session(self) -> Any:
        from google.auth.transport.requests import AuthorizedSession

        from .sessions import make_persistent

        session = AuthorizedSession(self.credentials)
        make_persistent(session, self.patience_s)
        return session

    def cluster_path(self, settings: Settings) -> str:
        """Return GKE's name of the settings' cluster."""
        return f"{self.location_path(settings)}/clusters/{settings.cluster_name}"

    def location_path(self, settings: Settings) -> str:
        """Return GKE's name of the settings' location."""
        return f"projects/{settings.project_id}/locations/{settings.location}"

    @cached_property
    def kubernetes(self) -> Kubernetes:
        """The cluster's own API, reached without gcloud or a kubeconfig.

        Raises:
            MissingError: The cluster is not there, or not ready yet.
        """
        from google.api_core.exceptions import NotFound

        assert self._settings is not None
        try:
            cluster = self.clusters.get_cluster(name=self.cluster_path(self._settings))
        except NotFound:
            cluster = None
        if cluster is None or not (cluster.endpoint or dns_endpoint(cluster)):
            raise MissingError(
                say(
                    "The cluster {name} does not exist or is not ready.",
                    name=self._settings.cluster_name,
                ),
                remedy=say("Run notebook 04, which creates or finds the cluster."),
            )
        return Kubernetes(cluster, self.credentials, self.patience_s)


def counted(credentials: Any, project_id: str) -> Any:
    """Return the credentials, a person's without a quota project with this one."""
    if not project_id or not _a_persons(credentials) or credentials.quota_project_id:
        return credentials
    return credentials.with_quota_project(project_id)


def _a_persons(credentials: Any) -> bool:
    from google.oauth2.credentials import Credentials

    if isinstance(credentials, Credentials):
        return True
    from google.auth import external_account_authorized_user  # takes 0.2 s to import

    return isinstance(credentials, external_account_authorized_user.Credentials)


def _bearer(grpc: Any, token: str) -> Any:
    class Bearer(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            metadata = [*(details.metadata or ()), ("authorization", f"Bearer {token}")]
            call = continuation(details._replace(metadata=metadata), request)
            if call.code() is grpc.StatusCode.UNAVAILABLE:
                refuse_if_gone()
            return call

    return Bearer()
