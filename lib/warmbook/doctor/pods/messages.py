"""What a Pod's pitfall means to the reader: a word while it may pass, an error when it won't."""

from __future__ import annotations

from datetime import datetime

from ...errors import AccessError, ResourceFailedError, WarmbookError
from ...serving.guide_manifest import CONTAINER
from ...serving.pods import Pod
from ...settings import Settings
from ...shell import quoted
from ...texts import say
from ...units import duration
from ..pitfalls import pitfall
from . import Diagnosis
from .exceptions import first_exception
from .root_cause import PERMISSION

PATIENCE = 3
"""Restarts that a container gets when nothing tells a cause that stays."""
OF_ACCESS = {
    "bucket-viewer-missing",
    "object-role-missing",
    "binding-other-namespace",
    "project-id-for-number",
    "metadata-server-off",
    "wif-off",
    "gcs-client-failed",
    "gated-model",
}


def telling(diagnosis: Diagnosis, pod: Pod, now: datetime) -> str:
    """Return in a few words what a Pod is held up by, "" if the words don't say more."""
    if diagnosis.pitfall == "image-pull-slow":
        since = max(0.0, (now - (pod.scheduled or pod.created)).total_seconds())
        return say("the image is being pulled, {time}", time=duration(since))
    return {
        "gpu-quota": say("no node yet: GPU quota exceeded"),
        "gpu-stockout": say("no node yet: the zone has no free machine with this GPU"),
        "scale-up-backoff": say("no node yet: a scale-up failed, the autoscaler retries"),
        "gpu-not-offered": say("no node yet: no node pool has this GPU"),
        "gpu-insufficient": say("no node yet: no free GPU"),
        "driver-not-ready": say("the node is ready, its GPU driver is not yet"),
        "second-gpu-for-update": say("waiting for the GPU that the old Pod uses"),
        "image-not-found": say("the image can't be pulled at the moment, the node retries"),
        "node-gone": say("its node is gone, a new Pod replaces it"),
        "server-killed": say("the container was killed from outside and restarts"),
    }.get(diagnosis.pitfall, "")


def verdict(diagnosis: Diagnosis, name: str, settings: Settings) -> WarmbookError:
    """Return the error for what waiting won't cure in the Pod `name`, with its evidence."""
    kind = AccessError if diagnosis.pitfall in OF_ACCESS else ResourceFailedError
    what, remedy = _words(diagnosis, name, settings)
    return kind(quoting(what, diagnosis), remedy=remedy, pitfall=diagnosis.pitfall)


def quoting(what: str, diagnosis: Diagnosis) -> str:
    """Return the sentence with the evidence below it."""
    return f"{what}\n  «{diagnosis.quote}»"


def _words(diagnosis: Diagnosis, name: str, settings: Settings) -> tuple[str, str]:
    """Return what has happened and what helps; with the reader's own names where they tell more."""
    uri = settings.model_uri
    permission = PERMISSION.search(diagnosis.quote)
    if permission and diagnosis.pitfall != "no-identity":  # whoever has none lacks each permission
        return say(
            "The Pod has no access to gs://{bucket}: {account} lacks {permission}.",
            bucket=settings.bucket_name,
            account=f"{settings.namespace}/{settings.service_account}",
            permission=permission[0],
        ), _roles(diagnosis)
    if diagnosis.pitfall == "flag-removed":
        return say(
            "vLLM {version} does not support {argument}.",
            version=settings.vllm_version,
            argument=diagnosis.quote.partition("arguments: ")[2],
        ), say("Run notebook 06 again: its manifest fits the version that you chose.")
    again = say("Run notebooks 03 and 05 again, then 06.")
    if diagnosis.pitfall == "weights-not-found":
        return say("vLLM finds no safetensors files in {uri}.", uri=uri), again
    if diagnosis.pitfall == "config-missing":
        return say("vLLM finds no config.json in {uri}.", uri=uri), again
    if diagnosis.pitfall == "file-access-error":
        return say(
            "The streamer could not read {uri}: storage.objects.get may be missing.", uri=uri
        ), again
    entry = pitfall(diagnosis.pitfall)
    if diagnosis.pitfall == "image-not-found":
        return say("Pod {pod} can't pull its image.", pod=name), say(entry.remedy)
    if not name:
        return say("The cluster creates no Pod. {cause}", cause=say(entry.cause)), say(entry.remedy)
    what = say("Pod {pod} does not start. {cause}", pod=name, cause=say(entry.cause))
    return what, say(entry.remedy)


def _roles(diagnosis: Diagnosis) -> str:
    if diagnosis.pitfall in ("metadata-server-off", "wif-off"):
        return say(pitfall(diagnosis.pitfall).remedy)
    return say("Run notebook 05, which grants the two roles on the bucket, then try again.")


def unknown_end(
    pod: Pod, log: str, settings: Settings, diagnosis: Diagnosis | None
) -> WarmbookError:
    """Return the error for a container that ends again and again: its first error or last line."""
    if error := first_exception(log.encode("utf-8", "replace")):
        what = say(
            "Container {container} of {pod} keeps exiting (restarts: {count}). "
            "Its first error:\n{error}",
            container=CONTAINER,
            pod=pod.name,
            count=pod.restarts,
            error=error,
        )
    else:
        lines = [line for line in log.splitlines() if line.strip()]
        what = say(
            "Container {container} of {pod} keeps exiting (restarts: {count}). "
            "Its last line: {line}",
            container=CONTAINER,
            pod=pod.name,
            count=pod.restarts,
            line=lines[-1][:300] if lines else say("(none)"),
        )
    return ResourceFailedError(
        quoting(what, diagnosis) if diagnosis else what,
        remedy=say(
            "Read the whole log: kubectl logs {pod} --previous -n {ns}",
            pod=quoted(pod.name),
            ns=quoted(settings.namespace),
        ),
        pitfall=diagnosis.pitfall if diagnosis else "",
    )
