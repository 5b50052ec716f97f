"""What a reader calls the phases, and of which kind each is; as text, of phases and records."""

from __future__ import annotations

from ...texts import say
from .phases import FIRST_ANSWER, UNEXPLAINED

_KINDS = {
    **dict.fromkeys(("node asked for", "node ready", "driver", "scheduling"), "cluster"),
    **dict.fromkeys(("Pod set-up", "image pull", "container start"), "container"),
    **dict.fromkeys(("earlier attempts", UNEXPLAINED), "unexplained"),
    **dict.fromkeys(("weights streamed", "weights loaded", "other loading"), "weights"),
}


def phase_kind(name: str) -> str:
    """Return a phase's kind: cluster, container, weights, unexplained, else server."""
    return _KINDS.get(name, "server")


def phase_name(name: str) -> str:
    """Return what a phase is called in the reader's language; an unknown one keeps its name."""
    known = {
        "node asked for": say("until a node was requested"),
        "node ready": say("until the node was ready"),
        "driver": say("GPU driver"),
        "scheduling": say("scheduled on a node"),
        "Pod set-up": say("Pod sandbox created"),
        "image pull": say("image pulled"),
        "container start": say("container started"),
        "earlier attempts": say("earlier attempts"),
        "vLLM imports": say("vLLM's imports"),
        "SGLang imports": say("SGLang's imports"),
        "small files": say("configuration and tokenizer"),
        "engine start": say("engine started"),
        "weights streamed": say("weights streamed"),
        "weights loaded": say("weights loaded"),
        "other loading": say("rest of the load"),
        "compile": say("compilation"),
        "KV cache": say("memory and KV cache"),
        "graph capture": say("CUDA graphs"),
        "warm-up": say("warm-up"),
        "server up": say("server ready"),
        "ready": say("ready"),
        FIRST_ANSWER: say("first response"),
        UNEXPLAINED: say("unexplained"),
    }
    return known.get(name, name)


def which_answer(pod: str, first: bool | None) -> str:
    """Return whether an answer was the first of its Pod, None where that is not told."""
    if first is None:
        return say("{pod} does not report whether it had responded before", pod=pod)
    told = say("first response of {pod}", pod=pod)
    return told if first else say("{pod} had responded before", pod=pod)


def source_name(source: str) -> str:
    """Return what a phase's source is called; an unknown one keeps its name."""
    known = {
        "event": say("event"),
        "log": say("log"),
        "streamer": say("streamer"),
        "workbook": say("notebook clock"),
    }
    return known.get(source, source)
