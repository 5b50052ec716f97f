"""A model on Hugging Face as files that can be read in parts; nothing is written to this disk.

Tokens, redirects, waits and repeated requests are huggingface_hub's own business.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ...cloud.clients import Clients
from ...errors import AccessError, MissingError
from .huggingface_errors import (
    broken_off,
    explained,
    no_weights,
    of_transport,
    other_checksum,
    other_range,
    session_closed,
    unknown_token,
)

SECRET, SECRET_KEY = "hf-secret", "hf_api_token"
"""Where GKE's guides put the token in a cluster.

Source: Google Cloud, "Serve Gemma open models using GPUs on GKE with vLLM".
"""

TIMEOUT_S = 20.0
TRIES = 5
FIRST_WAIT_S = 1.0


class Token(str):
    """A token that no repr shows, so that no picture of a failure does."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<token>"


@dataclass(frozen=True)
class Repository:
    """A repository at one commit; the token is in no text of it."""

    name: str
    commit: str
    _token: Token = field(repr=False)

    def url(self, path: str) -> str:
        """Return the address of a file at this commit."""
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.name, path, revision=self.commit, endpoint=_endpoint())

    def headers(self) -> dict[str, str]:
        """Return the headers of a request: the token, and bytes as they are, not compressed."""
        from huggingface_hub.utils import build_hf_headers

        headers = build_hf_headers(token=self._token or False, library_name="warmbook")
        return {**headers, "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class HubFile:
    """A file of a repository, as its commit has it."""

    name: str
    size_bytes: int
    sha256: str
    blob_id: str
    repository: Repository
    local: bool = False

    def read(self, start: int, length: int) -> bytes:
        """Return exactly these bytes; the connection may break meanwhile, and is taken up again.

        Raises:
            WarmbookError: The Hub refuses, is out of reach, or does not keep to the range.
        """
        if not length:
            return b""
        held = io.BytesIO()
        with explained(self.repository.name, self.repository.commit, self.repository._token):
            for _ in range(TRIES):
                if self._fetched(start, length, held):
                    break
        data = held.getvalue()
        if len(data) != length:
            raise broken_off(self.name)
        self._verify(start, data)
        return data

    def _fetched(self, start: int, length: int, held: io.BytesIO) -> bool:
        """Add what is missing to `held`; return False where the connection broke before the end."""
        from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff

        first = start + held.tell()
        last = start + length - 1
        headers = {**self.repository.headers(), "Range": f"bytes={first}-{last}"}
        try:
            with http_stream_backoff(
                "GET",
                self.repository.url(self.name),
                headers=headers,
                timeout=TIMEOUT_S,
                base_wait_time=FIRST_WAIT_S,
            ) as response:
                hf_raise_for_status(response)
                self._keeps_to(response, first, last)
                self._take(response, length, held)
        except RuntimeError as error:
            if not session_closed(error):
                raise
        return held.tell() == length

    def _take(self, response: Any, length: int, held: io.BytesIO) -> None:
        try:
            for piece in response.iter_raw():
                if held.tell() + len(piece) > length:
                    raise other_range(self.name)
                held.write(piece)
        except Exception as error:
            # must not leave the client's `with`, which would begin anew what is half read
            if not of_transport(error):
                raise

    def _keeps_to(self, response: Any, first: int, last: int) -> None:
        """Raise unless the answer is this range: the whole file would not fit into memory."""
        told = response.headers.get("Content-Range", "")
        ranged = response.status_code == 206 and told.startswith(f"bytes {first}-{last}/")
        whole = response.status_code == 200 and (first, last) == (0, self.size_bytes - 1)
        plain = response.headers.get("Content-Encoding", "identity") == "identity"
        if not plain or not (ranged or whole):
            raise other_range(self.name)

    def _verify(self, start: int, data: bytes) -> None:
        """Hold a small file against git's name of it; a large one has a SHA-256 of its own."""
        if self.sha256 or start or len(data) != self.size_bytes:
            return
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
        if blob.hexdigest() != self.blob_id:
            raise other_checksum(self.name)


@dataclass(frozen=True)
class Found:
    """A model on the Hub: the files that serving needs, and the names of those left behind."""

    repository: Repository
    files: tuple[HubFile, ...]
    left: tuple[str, ...]


def find(
    name: str, revision: str, served: Sequence[str], *, secret: Callable[[], str] = lambda: ""
) -> Found:
    """Return a model's files at the commit that `revision` is now, so that it can't change.

    `served` are the patterns of what serving needs, at the top level; consolidated weights stay
    behind where shards lie beside them. `secret` is asked for a token when there is none on this
    machine and the Hub refuses without.

    Raises:
        MissingError: No such repository or revision, or no safetensors files in it.
        AccessError: The model's licence was not accepted, or the token is not known.
        UnreachableError: The Hub does not answer.
    """
    _quiet()
    token = _token()
    try:
        return _find(name, revision, served, token)
    except (AccessError, MissingError):
        if token or not (token := Token(secret())):
            raise
    return _find(name, revision, served, token)


def secret_in(clients: Clients, namespace: str) -> Callable[[], str]:
    """Return a question for the token in the cluster, as GKE's guides keep it; "" without one."""

    def ask() -> str:
        try:
            held = clients.kubernetes.find("Secret", SECRET, namespace) or {}
            return base64.b64decode((held.get("data") or {})[SECRET_KEY]).decode().strip()
        except Exception:  # no cluster, no right to it, no such secret: then there is no token
            return ""

    return ask


def _find(name: str, revision: str, served: Sequence[str], token: Token) -> Found:
    from huggingface_hub import HfApi
    from huggingface_hub.file_download import get_hf_file_metadata

    if not (token.isascii() and token.isprintable()):
        raise unknown_token()  # a header can't carry it, and the client's error would show it
    with explained(name, revision, token):
        api = HfApi(endpoint=_endpoint(), token=token or False, library_name="warmbook")
        told = api.model_info(
            name, revision=revision or None, files_metadata=True, timeout=TIMEOUT_S
        )
    repository = Repository(name, str(told.sha), token)
    siblings = {one.rfilename: one for one in told.siblings or ()}
    wanted = _wanted(siblings, served)
    if not any(file.endswith(".safetensors") for file in wanted):
        raise no_weights(name, siblings)
    found = tuple(_file(repository, siblings[file]) for file in wanted)
    with explained(name, revision, token):
        # the listing is open to all: only a file tells whether this reader may have files
        get_hf_file_metadata(
            repository.url(wanted[0]),
            token=token or False,
            timeout=TIMEOUT_S,
            endpoint=_endpoint(),
        )
    return Found(repository, found, tuple(sorted(siblings.keys() - set(wanted))))


def _file(repository: Repository, sibling: Any) -> HubFile:
    sha256 = sibling.lfs.sha256 if sibling.lfs else ""
    length = sibling.lfs.size if sibling.lfs else sibling.size
    return HubFile(
        sibling.rfilename, int(length or 0), sha256, str(sibling.blob_id or ""), repository
    )


def _wanted(names: Iterable[str], served: Sequence[str]) -> list[str]:
    """Return the files that serving needs: at the top level, and no weights twice."""
    here = [name for name in names if "/" not in name]
    wanted = [name for name in here if any(fnmatchcase(name, pattern) for pattern in served)]
    shards = [name for name in wanted if name.endswith(".safetensors")]
    if any(not name.startswith("consolidated") for name in shards):
        wanted = [name for name in wanted if not name.startswith("consolidated")]
    return sorted(wanted)


def _token() -> Token:
    """Return the reader's token, from HF_TOKEN or their login; "" without one."""
    from huggingface_hub import get_token

    return Token(get_token() or "")


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _quiet() -> None:
    """Keep the client's bars and warnings to itself: errors come in the reader's words."""
    from huggingface_hub.utils import disable_progress_bars, logging

    disable_progress_bars()
    logging.set_verbosity_error()
