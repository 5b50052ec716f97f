"""What each rule is about, for code hosts, which list the rules beside their results."""

from __future__ import annotations

from dataclasses import dataclass

from ...severity import Severity
from ...texts import say


@dataclass(frozen=True)
class Description:
    """A rule: how bad its findings are as a rule, what it is about, and why it matters."""

    severity: Severity
    short: str
    full: str


def descriptions() -> dict[str, Description]:
    """Return the description of each rule by the name of its findings, in the reader's language."""
    return {**_of_commands(), **_of_releases(), **_of_the_streamer(), **_of_pods()}


def _of_commands() -> dict[str, Description]:
    return {
        "no list": Description(
            "error",
            say("command and args must be lists."),
            say("Kubernetes rejects a manifest whose command or args is a string."),
        ),
        "two words in one": Description(
            "error",
            say("A list item contains two words."),
            say("Each item is one argument. No shell divides it at its spaces."),
        ),
        "program in args": Description(
            "error",
            say("args repeats the program that the image starts."),
            say("The image starts the server itself, which gets the words as arguments and stops."),
        ),
        "not executable": Description(
            "error",
            say("A script of a ConfigMap may not be executed."),
            say("Files of a ConfigMap have the mode 0644 unless defaultMode or mode says more."),
        ),
        "no shell": Description(
            "error",
            say("No shell replaces a variable."),
            say("Without a shell, Kubernetes replaces $(NAME) only; $NAME stays as it is."),
        ),
        "options lost": Description(
            "warning",
            say("The shell does not pass options to the server."),
            say(
                "A line without a trailing backslash ends the command; the lines after it are lost."
            ),
        ),
        "no text": Description(
            "error",
            say("An argument must be text."),
            say("Kubernetes rejects numbers and maps among arguments; quotes make them text."),
        ),
    }


def _of_releases() -> dict[str, Description]:
    return {
        "version unknown": Description(
            "info",
            say("The image tag names no vLLM release."),
            say("Without the release of vLLM, options are not checked."),
        ),
        "too old": Description(
            "error",
            say("The release of vLLM is too old for Cloud Storage."),
            say("Its image does not contain the part of the streamer that reads gs:// addresses."),
        ),
        "flag refused": Description(
            "error",
            say("The release does not support an option."),
            say("vLLM stops immediately at an option that its release does not support."),
        ),
        "not checked": Description(
            "info",
            say("Something could not be checked."),
            say("A value is filled in later, or is not in the manifest."),
        ),
    }


def _of_the_streamer() -> dict[str, Description]:
    return {
        "address": Description(
            "error",
            say("The model's address does not name a folder in Cloud Storage."),
            say("The server expects a model folder, gs://BUCKET/FOLDER."),
        ),
        "load format": Description(
            "error",
            say("The loader does not read the model's address."),
            say("Only runai_streamer reads gs:// addresses."),
        ),
        "no service account": Description(
            "warning",
            say("The Pod names no service account."),
            say("The bucket denies access to a Pod whose service account has no role on it (403)."),
        ),
        "loader config": Description(
            "error",
            say("The loader's settings are no JSON object."),
            say("vLLM stops at --model-loader-extra-config unless it is a JSON object."),
        ),
        "loader key": Description(
            "error",
            say("The loader does not support a key."),
            say("Its release decides whether vLLM stops at an unknown key or ignores it."),
        ),
        "corruption": Description(
            "warning",
            say("There are reports of silently wrong weights."),
            say('Some releases load corrupted weights with "distributed":true and several GPUs.'),
        ),
        "memory limit": Description(
            "error",
            say("The streamer's memory limit is below the largest tensor."),
            say("The streamer stops if its memory limit is smaller than the largest tensor."),
        ),
    }


def _of_pods() -> dict[str, Description]:
    return {
        "gpu requests": Description(
            "error",
            say("Requests and limits of GPUs differ."),
            say("Kubernetes rejects a manifest whose requests and limits of GPUs differ."),
        ),
        "no gpu": Description(
            "error",
            say("The container gets no GPU."),
            say("A container gets only the GPUs under resources.limits."),
        ),
        "tensor parallel": Description(
            "error",
            say("The server needs more accelerators than its Pods have."),
            say(
                "Tensor times pipeline parallel size must not exceed the accelerators of the Pods."
            ),
        ),
        "no accelerator": Description(
            "info",
            say("The Pod names no GPU type."),
            say("Autopilot adds no node for a GPU without a type."),
        ),
        "driver": Description(
            "info",
            say("The image needs a newer driver than GKE's default."),
            say("Images with CUDA 13 need cloud.google.com/gke-gpu-driver-version: latest."),
        ),
        "no shm": Description(
            "warning",
            say("Several GPUs share 64 MiB of /dev/shm."),
            say(
                "The processes of several GPUs communicate through /dev/shm; an emptyDir in "
                "memory enlarges it."
            ),
        ),
        "no startup probe": Description(
            "warning",
            say("A liveness probe restarts the server while it loads."),
            say("A startup probe keeps the liveness probe waiting until the model is loaded."),
        ),
        "no readiness probe": Description(
            "info",
            say("Requests reach the server while it loads."),
            say("Without a readiness probe, a Service sends requests to the Pod immediately."),
        ),
        "rolling update": Description(
            "info",
            say("A rolling update needs a second GPU."),
            say(
                "An update starts the new Pod before the old one stops, so it needs "
                "additional GPUs."
            ),
        ),
    }
