"""ConfigMaps and Secrets as a container gets them, or in the kubelet's words why it can't.

Source: Kubernetes, pkg/kubelet/kubelet_pods.go (makeEnvironment), pkg/volume/configmap,
pkg/volume/secret (the wordings).
"""

from __future__ import annotations

import base64
from typing import Any

from ..kubernetes import Store

Obj = dict[str, Any]

KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


class MissingError(Exception):
    """Something that a container needs is not there (yet); says what, as the kubelet does."""


def entries(
    store: Store, namespace: str, source: str, name: str, *, optional: bool
) -> dict[str, bytes]:
    """Return what a ConfigMap or Secret holds; nothing if an optional one is absent.

    `source` is configMap or secret.

    Raises:
        MissingError: It is absent and not optional.
    """
    found = store.find(KINDS[source], namespace, name)
    if found is None:
        if optional:
            return {}
        raise MissingError(f'{source.lower()} "{name}" not found')
    if source == "secret":
        return {key: base64.b64decode(text) for key, text in (found.get("data") or {}).items()}
    plain = {key: text.encode() for key, text in (found.get("data") or {}).items()}
    binary = {key: base64.b64decode(t) for key, t in (found.get("binaryData") or {}).items()}
    return {**plain, **binary}


def entry(store: Store, namespace: str, source: str, reference: Obj) -> str | None:
    """Return one value for a variable, None if it is absent and optional.

    Raises:
        MissingError: The object or the key is absent and not optional.
    """
    optional, key = bool(reference.get("optional")), reference["key"]
    name = reference.get("name", "")
    held = entries(store, namespace, source, name, optional=optional)
    if key in held:
        return held[key].decode(errors="replace")
    if optional:
        return None
    raise MissingError(f"couldn't find key {key} in {KINDS[source]} {namespace}/{name}")
