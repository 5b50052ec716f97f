"""What Hugging Face refuses, in words the reader can act on; no token is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ...errors import (
    AccessError,
    MissingError,
    ResourceFailedError,
    UnreachableError,
    WarmbookError,
)
from ...texts import say

OTHER_FORMATS = (".bin", ".pt", ".pth", ".gguf")


@contextmanager
def explained(name: str, revision: str, token: str) -> Iterator[None]:
    """Turn refusals of the Hub into words the reader can act on; no token is in them."""
    try:
        yield
    except WarmbookError:
        raise
    except Exception as error:
        if (known := _explain(error, name, revision, token)) is None:
            raise
        raise known from None  # the client's own error holds the request, and that the token


def _explain(error: Exception, name: str, revision: str, token: str) -> WarmbookError | None:
    names = {cls.__name__ for cls in type(error).__mro__}
    status = int(getattr(getattr(error, "response", None), "status_code", 0))
    if "GatedRepoError" in names:
        return _gated(name, token)
    if "RepositoryNotFoundError" in names or "HFValidationError" in names:
        return MissingError(
            say("The model {name} does not exist on Hugging Face, or is private.", name=name),
            remedy=say("Check the name; for a private model, set HF_TOKEN to your token."),
        )
    if "RevisionNotFoundError" in names:
        return MissingError(
            say("{name} has no revision {revision}.", name=name, revision=revision),
            remedy=say("Write a branch, tag or commit after the @; the default is main."),
        )
    if "RemoteEntryNotFoundError" in names:
        return MissingError(
            say("A file of {name} was removed from Hugging Face.", name=name),
            remedy=say("Run this again: it lists the files again."),
        )
    if "DisabledRepoError" in names:
        return AccessError(
            say("Hugging Face has disabled {name}.", name=name),
            remedy=say("Choose another repository of this model."),
        )
    if "OfflineModeIsEnabled" in names:
        return UnreachableError(
            say("No request to Hugging Face was sent: HF_HUB_OFFLINE is set."),
            remedy=say("Unset HF_HUB_OFFLINE, restart the kernel and run the notebook again."),
        )
    return _of_status(status, name) if status else _of_wire(error)


def _gated(name: str, token: str) -> AccessError:
    page = f"https://huggingface.co/{name}"
    if not token:
        return AccessError(
            say("{name} is gated: accept its terms and set a token.", name=name),
            remedy=say("Accept the terms on {page}, then set HF_TOKEN to your token.", page=page),
            pitfall="gated-model",
        )
    return AccessError(
        say("The account of your token has no access to {name}.", name=name),
        remedy=say(
            "Accept the terms on {page} with the account of the token, or request access there.",
            page=page,
        ),
        pitfall="gated-model",
    )


def unknown_token() -> AccessError:
    """Return the error for a token that the Hub does not know."""
    return AccessError(
        say("Hugging Face rejected your token: it is mistyped or has expired."),
        remedy=say("Create a new one at https://huggingface.co/settings/tokens and set HF_TOKEN."),
    )


def _of_status(status: int, name: str) -> WarmbookError:
    if status == 401:
        return unknown_token()
    if status == 403:
        return AccessError(
            say("Your token has no read access to {name}.", name=name),
            remedy=say("Give the token read access: settings/tokens on huggingface.co."),
        )
    if status == 429:
        return UnreachableError(
            say("Hugging Face reports too many requests (429)."),
            remedy=say("Wait five minutes, then run this again; with HF_TOKEN more are allowed."),
            pitfall="rate-limited",
        )
    return UnreachableError(
        say("Hugging Face returned {status} for {name}.", status=status, name=name),
        remedy=say("Try again later; see https://status.huggingface.co."),
        pitfall="service-unavailable" if status >= 500 else "",
    )


def _of_wire(error: Exception) -> UnreachableError | None:
    if not of_transport(error):
        return None
    return UnreachableError(
        say("Hugging Face can't be reached."),
        remedy=say("Check the network and any proxy, then try again."),
        pitfall="unreachable",
    )


def broken_off(name: str) -> UnreachableError:
    """Return the error for a connection that does not hold."""
    return UnreachableError(
        say("The connection to Hugging Face keeps failing at {name}.", name=name),
        remedy=say("Run this again to resume; uploaded parts are not sent again."),
        pitfall="unreachable",
    )


def of_transport(error: Exception) -> bool:
    """Say whether the network failed, not the request."""
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"TransportError", "StreamError"}) or session_closed(error)


def session_closed(error: Exception) -> bool:
    """Say whether another thread's failed connection closed the session that all share.

    Source: huggingface_hub, `http_stream_backoff`; httpx then raises a bare RuntimeError.
    """
    return isinstance(error, RuntimeError) and "closed" in str(error)


def no_weights(name: str, names: Iterable[str]) -> MissingError:
    """Return the error for a repository without weights that can be streamed."""
    names = list(names)
    deeper = sorted(
        {n.rpartition("/")[0] for n in names if "/" in n and n.endswith(".safetensors")}
    )
    others = sorted(n for n in names if n.endswith(OTHER_FORMATS))
    if others:
        what = say("{name} has only {files}: no safetensors files.", name=name, files=_few(others))
    elif deeper:
        what = say(
            "The safetensors files of {name} are in sub-folders: {files}.",
            name=name,
            files=_few(deeper),
        )
    else:
        what = say("{name} has no safetensors files.", name=name)
    return MissingError(
        what,
        remedy=say("Choose a repository of this model with safetensors files at its top level."),
        pitfall="weights-not-found",
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def other_range(name: str) -> ResourceFailedError:
    """Return the error for a server that does not keep to ranges."""
    return ResourceFailedError(
        say("Hugging Face sent a different byte range of {name} than requested.", name=name),
        remedy=say("Check HF_ENDPOINT and any proxy: they must support range requests."),
    )


def other_checksum(name: str) -> ResourceFailedError:
    """Return the error for bytes that are not the file's."""
    return ResourceFailedError(
        say("Checksum mismatch: {name} differs from Hugging Face's SHA-256.", name=name),
        remedy=say("Try again; if the error persists, choose another revision."),
    )
