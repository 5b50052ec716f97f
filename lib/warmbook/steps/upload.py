"""A model into the bucket: what the bucket lacks is sent, and an attempt cut short goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cloud.clients import Clients
from ..display.card import Card, Row
from ..display.progress import Report, wait_until
from ..display.step import step
from ..errors import InterruptedWaitError, MissingError
from ..model.upload import huggingface
from ..model.upload.pool import Stray, send
from ..model.upload.source import SERVED, LocalFile, Source
from ..serving.shell_commands import gcloud
from ..settings import Settings
from ..shell import quoted
from ..texts import say
from ..units import duration, size

LONGEST_S = 7 * 86_400
STRAYS_SHOWN = 5
LEFT_SHOWN = 8


@dataclass(frozen=True, repr=False)
class Brought(Card):
    """What was brought into the bucket: names of objects, bytes, and the time in seconds."""

    source: str
    sent: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    sent_bytes: int = 0
    continued_bytes: int = 0
    elapsed_s: float = 0.0
    strays: tuple[Stray, ...] = ()
    commit: str = ""
    left: tuple[str, ...] = ()

    @property
    def throughput_gib_s(self) -> float:
        """Bytes sent over the whole time, in GiB/s."""
        return self.sent_bytes / 2**30 / self.elapsed_s if self.elapsed_s else 0.0

    def title(self) -> str:
        if not self.source:
            return say("Nothing to upload: the model is already in the bucket")
        return say("Uploaded {source}", source=self.source)

    def rows(self) -> Sequence[Row]:
        return tuple(self._rows()) if self.source else ()

    def _rows(self) -> Iterator[Row]:
        if self.commit:
            yield Row(say("commit"), self.commit)
        if self.sent:
            told = say(
                "files: {count}, {size} in {time}, {rate} GiB/s",
                count=len(self.sent),
                size=size(self.sent_bytes),
                time=duration(self.elapsed_s),
                rate=f"{self.throughput_gib_s:.3g}",
            )
            yield Row(say("sent"), told, "ok", new=True)
        if self.continued_bytes:
            yield Row(say("uploaded by an earlier attempt"), size(self.continued_bytes), "ok")
        if self.there:
            yield Row(say("already in the bucket, same checksum"), str(len(self.there)), "ok")
        if self.left:
            names = ", ".join(self.left[:LEFT_SHOWN])
            more = ", …" if len(self.left) > LEFT_SHOWN else ""
            yield Row(say("skipped: not needed for serving"), names + more)
        for stray in self.strays[:STRAYS_SHOWN]:
            what = say("unfinished upload, {size}, not continued", size=size(stray.size_bytes))
            yield Row(what, _abort(stray), "warning")

    def note(self) -> str:
        if not self.strays:
            return ""
        return say(
            "Unfinished uploads of earlier attempts: {count}, {size}. They are billed until they "
            "are completed, or aborted with the commands above.",
            count=len(self.strays),
            size=size(sum(stray.size_bytes for stray in self.strays)),
        )


def _abort(stray: Stray) -> str:
    """Return the command that aborts an unfinished upload and so removes its parts.

    gcloud has none for this.
    """
    token = '"Authorization: Bearer $(gcloud auth print-access-token)"'
    url = quoted(f"{stray.url}?uploadId={stray.upload.upload_id}")
    return f"curl --request DELETE --header {token} {url}"


@step(gcloud.upload)
def model(settings: Settings, clients: Clients, *, report: Report | None = None) -> Brought:
    """Bring the files of `model_source` that the bucket lacks, checksummed; else do nothing.

    A file counts as there when size and checksum are the same. Each object appears whole or
    not at all, `config.json` last. What an earlier attempt sent of a file is not sent again.

    Of a model on Hugging Face each part is read when its turn has come, none is stored here.

    Raises:
        MissingError: `model_source` is no folder and no model, or holds no safetensors files.
        AccessError: Hugging Face asks for a licence's acceptance, or for a token.
        ResourceFailedError: A file changed meanwhile, or did not arrive as it is.
        InterruptedWaitError: The reader stopped it; what was sent stays.
    """
    if not settings.model_source:
        return Brought("")
    hub_model = _hub_model(settings, clients)
    sources = hub_model.files if hub_model else _folder(settings.source_folder)
    start = time.monotonic()
    with send(clients, settings.bucket_name, settings.model_path, sources) as sending:
        try:
            wait_until(
                sending,
                what=say("Uploading {size}", size=size(sending.total_bytes)),
                state=str,
                ready=lambda moment: moment.over,
                fraction=lambda moment: moment.fraction,
                timeout_s=LONGEST_S,
                report=report,
            )
        except InterruptedWaitError:
            sending.close()
            raise InterruptedWaitError(
                say(
                    "You stopped the upload: {size} are already in the bucket.",
                    size=size(sending.in_bucket),
                ),
                remedy=say("Run this again to resume; uploaded parts are not sent again."),
            ) from None
    return Brought(
        settings.model_source,
        tuple(file.name for file in sending.sent),
        tuple(file.name for file in sending.there),
        sending.sent_bytes,
        sending.continued_bytes,
        time.monotonic() - start,
        tuple(sending.strays),
        hub_model.repository.commit if hub_model else "",
        hub_model.left if hub_model else (),
    )


def _hub_model(settings: Settings, clients: Clients) -> huggingface.Found | None:
    """Return the model on Hugging Face that `model_source` names; None where it is a folder."""
    name, revision = settings.hub_model
    if not name:
        return None
    secret = huggingface.secret_in(clients, settings.namespace)
    return huggingface.find(name, revision, SERVED, secret=secret)


def _folder(folder: Path) -> Sequence[Source]:
    found = sorted({file for pattern in SERVED for file in folder.glob(pattern) if file.is_file()})
    if not any(file.suffix == ".safetensors" for file in found):
        raise MissingError(
            say("{folder} contains no safetensors files.", folder=folder),
            remedy=say("Use the folder that contains model.safetensors or its shards."),
        )
    return [LocalFile.of(file) for file in found]
