"""A cluster's API for the steps: find, list, create, apply, delete, follow; knows no step."""

from __future__ import annotations

import base64
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

from .kubernetes_connection import connection, dns_endpoint, is_internal
from .retry import PATIENCE_S, TRANSIENT, is_broken
from .tempdir import TemporaryFolder

TICK_S = 2
"""Seconds after which a watch without news is opened again, so that a wait's clock moves."""

BREATH_S = 0.5
"""Pause before a watch that broke off begins again, in seconds."""

BEGUN_AGAIN = {410, *TRANSIENT}
"""Errors inside a watch after which it begins again; 410: that version is gone."""

NO_LOG_YET = {400, 404, *TRANSIENT}
"""Answers for a container that waits, a Pod that is gone, and what may pass by the next look."""

RUN_S = 60
"""How long a command in a Pod may take that only prints something, in seconds."""

_VERSIONS = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodMonitoring": "monitoring.googleapis.com/v1",
}
"""API version of the kinds that are not in the core."""

Object = dict[str, Any]


class Kubernetes:
    """A cluster's API by the dynamic client: dicts in, dicts out, any newer field kept."""

    def __init__(self, cluster: Any, credentials: Any, patience_s: float = PATIENCE_S) -> None:
        from kubernetes import client, dynamic

        self._temporary = TemporaryFolder()
        config = client.Configuration()
        ca, dns = cluster.master_auth.cluster_ca_certificate, dns_endpoint(cluster)
        if cluster.endpoint and not (dns and is_internal(cluster)):
            config.host = f"https://{cluster.endpoint}"
            # a file, because the client's websockets know no other way
            certificate = self._temporary.path / "ca.pem"
            certificate.write_bytes(base64.b64decode(ca))
            config.ssl_ca_cert = str(certificate)
        else:  # the DNS endpoint has a public certificate
            config.host = f"https://{dns}"

        def sign_in(config: Any) -> None:
            if not credentials.valid:
                from google.auth.transport.requests import Request

                credentials.refresh(Request())
            config.api_key["authorization"] = credentials.token
            config.api_key_prefix["authorization"] = "Bearer"

        config.refresh_api_key_hook = sign_in
        sign_in(config)
        config.retries = False  # they know no pause, and nothing of a refusal that passes
        self._api = client.ApiClient(config)
        self._api.rest_client = connection(config, patience_s)
        discovered = self._temporary.path / "discovery.json"
        self._dynamic = dynamic.DynamicClient(self._api, cache_file=str(discovered))

    def _resource(self, kind: str) -> Any:
        return self._dynamic.resources.get(api_version=_VERSIONS.get(kind, "v1"), kind=kind)

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """Return the object, or None if it is absent."""
        from kubernetes.dynamic.exceptions import NotFoundError

        try:
            return dict(self._resource(kind).get(name=name, namespace=namespace).to_dict())
        except NotFoundError:
            return None

    def list_objects(
        self, kind: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> list[Object]:
        """Return the objects that fit both selectors; none of a kind that the cluster lacks."""
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            return self._list(kind, namespace, labels, fields)[0]
        except ResourceNotFoundError:
            return []

    def _list(
        self, kind: str, namespace: str | None, labels: str, fields: str
    ) -> tuple[list[Object], str]:
        answer = self._resource(kind).get(
            namespace=namespace, label_selector=labels or None, field_selector=fields or None
        )
        seen = answer.to_dict()
        return list(seen.get("items") or ()), str(seen["metadata"].get("resourceVersion", ""))

    def create(self, manifest: Object) -> Object:
        """Create the object; the server refuses fields it does not know."""
        resource = self._resource(manifest["kind"])
        namespace = manifest["metadata"].get("namespace")
        answer = resource.create(
            body=manifest, namespace=namespace, query_params=[("fieldValidation", "Strict")]
        )
        return dict(answer.to_dict())

    def apply(self, manifest: Object) -> Object:
        """Create the object or bring it to the manifest, as the field manager `warmbook`."""
        resource = self._resource(manifest["kind"])
        answer = self._dynamic.server_side_apply(
            resource,
            body=manifest,
            namespace=manifest["metadata"].get("namespace"),
            field_manager="warmbook",
            force_conflicts=True,
            query_params=[("fieldValidation", "Strict")],
        )
        return dict(answer.to_dict())

    def merge(self, kind: str, name: str, namespace: str, change: Object) -> None:
        """Change the named fields of the object and leave all others."""
        self._resource(kind).patch(
            body=change,
            name=name,
            namespace=namespace,
            content_type="application/merge-patch+json",
        )

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete the object and what it owns; absent is fine."""
        from kubernetes.dynamic.exceptions import NotFoundError

        try:
            # a Job's Pods would outlive it: batch/v1 has it so unless told otherwise
            policy = {"propagation_policy": "Background"}
            self._resource(kind).delete(name=name, namespace=namespace, **policy)
        except NotFoundError:
            return

    def log(
        self,
        pod: str,
        namespace: str,
        *,
        container: str = "",
        previous: bool = False,
        timestamps: bool = False,
    ) -> str:
        """Return the Pod's whole log so far, or nothing while it has not started.

        With `timestamps` each line begins with the moment at which its node received it. A Pod
        with several containers gives none unless one is named.
        """
        from kubernetes.dynamic.exceptions import DynamicApiError

        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        try:
            asked = {"previous": previous, "timestamps": timestamps}
            query = [(name, "true") for name, wanted in asked.items() if wanted]
            query += [("container", container)] if container else []
            return self._raw("GET", path, query=query)
        except DynamicApiError as error:
            if error.status not in NO_LOG_YET:
                raise
            return ""

    def ask(self, pod: str, namespace: str, port: int, path: str, body: object = None) -> str:
        """Return what the Pod's own server answers; the API server passes the request on.

        Source: Kubernetes API, "Connect proxy"; kubectl port-forward without a tunnel.
        """
        return self._raw(
            "GET" if body is None else "POST",
            f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/{path.lstrip('/')}",
            body=body,
        )

    def ask_by_lines(
        self, pod: str, namespace: str, port: int, path: str, body: object
    ) -> Generator[str, None, None]:
        """Yield each line of what the Pod's own server answers to what is sent, as it comes.

        Who stops reading ends the connection, and the server its work. Source: the API server's
        proxy passes an event stream on at once (apimachinery pkg/util/proxy/upgradeaware.go uses
        Go's httputil.ReverseProxy, whose flushInterval is -1 for text/event-stream).
        """
        answer = self._sent(
            "POST", f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/{path}", body=body
        )
        try:
            yield from _lines(answer.stream())
        finally:
            answer.close()

    def run(self, pod: str, namespace: str, command: list[str]) -> str:
        """Return what a command prints that runs in the Pod's first container.

        Source: Kubernetes API, "Connect exec"; kubectl exec.
        """
        from kubernetes.client.exceptions import ApiException

        running = self._exec(pod, namespace, command, ("stdout",))
        try:
            running.run_forever(timeout=RUN_S)
            return str(running.read_all())
        except Exception as error:  # as websocket_call itself says it
            raise ApiException(status=0, reason=str(error)) from error
        finally:
            running.sock.shutdown()  # close() passes over what the other side has closed

    def start(self, pod: str, namespace: str, command: list[str]) -> Any:
        """Start a command in the Pod's first container, to be talked to; return its WSClient.

        Source: Kubernetes API, "Connect exec"; kubectl exec -i.
        """
        streams = ("stdin", "stdout", "stderr")
        return self._exec(pod, namespace, command, streams)

    def _exec(self, pod: str, namespace: str, command: list[str], streams: Sequence[str]) -> Any:
        """Return the command's WSClient, which the caller closes.

        stream.stream() would need CoreV1Api, whose models take a second to import. The whole
        answer is not left to the library either, which would leave its connection open.
        """
        from kubernetes.stream.ws_client import websocket_call

        config = self._api.configuration
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        words = [*((name, "true") for name in streams), *(("command", word) for word in command)]
        return websocket_call(
            config,
            "GET",
            f"{config.host}{path}",
            query_params=words,
            headers={"authorization": config.get_api_key_with_prefix("authorization")},
            _preload_content=False,
        )

    def _raw(
        self, verb: str, path: str, *, query: list[tuple[str, str]] | None = None, body: Any = None
    ) -> str:
        return str(self._sent(verb, path, query=query, body=body).data.decode(errors="replace"))

    def _sent(
        self, verb: str, path: str, *, query: list[tuple[str, str]] | None = None, body: Any = None
    ) -> Any:
        """Return the answer, an urllib3.HTTPResponse whose body is not read yet."""
        return self._dynamic.request(
            verb,
            path,
            body=body,
            query_params=query or [],
            header_params={"Accept": "*/*"},
            serialize=False,
        )

    def watch(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> Iterator[list[Object]]:
        """Yield the objects that fit, at once, at each change, and every TICK_S seconds.

        A watch that breaks off, or is too old for the server, begins again with a list.
        """
        while True:
            items, version = self._list(kind, namespace, labels, fields)
            held = {item["metadata"]["name"]: item for item in items}
            yield list(held.values())
            while version:
                version = yield from self._changes(kind, namespace, labels, fields, version, held)

    def _changes(
        self,
        kind: str,
        namespace: str,
        labels: str,
        fields: str,
        version: str,
        held: dict[str, Object],
    ) -> Generator[list[Object], None, str]:
        """Follow one watch until its tick; return where to go on, or "" to list again."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import DynamicApiError

        events = self._dynamic.watch(
            self._resource(kind),
            namespace=namespace,
            label_selector=labels or None,
            field_selector=fields or None,
            resource_version=version,
            timeout=TICK_S,
        )
        try:
            for event in events:
                found = event["raw_object"]
                version = found["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    held.pop(found["metadata"]["name"], None)
                else:
                    held[found["metadata"]["name"]] = found
                yield list(held.values())
        except (ApiException, DynamicApiError) as error:
            if error.status not in BEGUN_AGAIN:
                raise
            time.sleep(BREATH_S)
            return ""
        except Exception as error:
            if not is_broken(error):
                raise
            time.sleep(BREATH_S)
            return ""
        yield list(held.values())
        return version


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield each whole line of what comes in pieces, without its end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace").rstrip("\r") for line in whole)
    if rest:
        yield rest.decode(errors="replace")
