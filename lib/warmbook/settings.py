"""What the reader chose, with every rule about it; no clients, no widgets, no files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from .errors import SettingsError
from .texts import say

ENV_PREFIX = "WARMBOOK_"
OLDEST_VLLM = (0, 11, 1)
OLDEST_SGLANG = (0, 5, 12)
"""The first that marks tensors of the streamer, whose memory is filled again."""
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")
# Source: huggingface_hub, `validate_repo_id`
_HUB_WORD = re.compile(r"(?!.*(?:--|\.\.|\.git$))\w(?:[\w.-]{0,94}\w)?", re.ASCII)
_HUB_REVISION = re.compile(r"(?!/)(?!.*(?:\.\.|//))[\w./+-]{1,255}(?<!/)", re.ASCII)


def _refuse(english: str, field: str = "", **values: Any) -> PydanticCustomError:
    # Braces in a value would be read as pydantic's own placeholders.
    context = {"text": say(english, **values), "field": field}
    return PydanticCustomError("refused", "{text}", context)


def _matches(pattern: str, english: str) -> AfterValidator:
    def matching(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise _refuse(english)
        return value

    return AfterValidator(matching)


def _model_uri(value: str) -> str:
    if not value.startswith("gs://"):
        if value.lower().startswith("gs://"):
            raise _refuse("write gs:// in small letters: the streamer does not know GS://")
        raise _refuse("the streamer reads from Cloud Storage: write gs://BUCKET_NAME/PATH_TO_MODEL")
    bucket, _, path = value.removeprefix("gs://").rstrip("/").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", bucket):
        raise _refuse("the bucket name has 3 or more small letters, digits, - _ or .")
    if not path:
        raise _refuse("name the model's folder too: gs://BUCKET_NAME/PATH_TO_MODEL")
    if "//" in f"/{path}" or re.search(r"[\x00-\x1f]", path):
        raise _refuse("the folder has an empty part or a control character")
    return f"gs://{bucket}/{path}"


def _model_source(value: str) -> str:
    """Take a folder as it is, and hold a model on Hugging Face against the Hub's rules."""
    if re.match(r"(?i)https?://(www\.)?(huggingface\.co|hf\.co)/", value):
        raise _refuse("write hf://ORG/NAME, without the rest of the web address")
    if not value.lower().startswith("hf:"):
        return value
    if value == "hf://" or not value.startswith("hf://"):
        raise _refuse("write hf://ORG/NAME or hf://ORG/NAME@REVISION")
    name, at, revision = value.removeprefix("hf://").partition("@")
    parts = name.split("/")
    if len(parts) != 2 or not all(_HUB_WORD.fullmatch(part) for part in parts):
        raise _refuse("write hf://ORG/NAME: letters, digits, - _ and . in both")
    if at and not _HUB_REVISION.fullmatch(revision):
        raise _refuse("write a branch, a tag or a commit after the @")
    return value


def _vllm_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:[.-]?[a-z]+\d*)?", value)
    if not found:
        raise _refuse("write the version like 0.32.0")
    if tuple(int(part) for part in found.groups()) < OLDEST_VLLM:
        raise _refuse(
            "vLLM 0.11.1 is the first that signs in to Cloud Storage by itself; choose it or later"
        )
    return value


def _sglang_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?", value)
    if not found:
        raise _refuse("write the version like 0.5.23")
    if tuple(int(part) for part in found.groups()) < OLDEST_SGLANG:
        raise _refuse(
            "SGLang 0.5.12 is the first that minds the streamer's reused memory; choose it or later"
        )
    return value


_DNS_LABEL = _matches(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "Kubernetes takes small letters, digits and -, at most 63, a letter or digit at both ends",
)
# papermill turns `-p project_id 123456` into a number
Text = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


ModelUri = Annotated[Text, AfterValidator(_model_uri)]


class Settings(BaseModel):
    """Every choice the guide asks for; frozen, so that notebooks can't drift apart."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True
    )

    project_id: Annotated[
        Text,
        _matches(
            r"([a-z][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
            "a project ID has 6 to 30 small letters, digits and -, a letter first",
        ),
    ]
    """The Google Cloud project; `PROJECT_ID` in the guide. Its ID, not its number."""

    location: Annotated[
        Text,
        _matches(
            r"[a-z]+-[a-z]+\d+(-[a-z])?", "write a region like us-central1 or a zone us-central1-a"
        ),
    ] = "us-central1"
    """A region for Autopilot, a zone for Standard; fastest where the bucket is."""

    model_uri: ModelUri
    """The folder of safetensors files: `gs://BUCKET_NAME/PATH_TO_MODEL`."""

    mode: Literal["autopilot", "standard"] = "autopilot"
    """GKE cluster mode."""

    cluster_name: Annotated[
        Text,
        _matches(
            r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
            "a cluster name has at most 40 small letters, digits and -, a letter first",
        ),
    ] = "run-ai-test"
    """`CLUSTER_NAME` in the guide."""

    namespace: Annotated[Text, _DNS_LABEL] = "vllm"
    """Kubernetes namespace of everything that runs; `NAMESPACE` in the guide."""

    service_account: Annotated[Text, _DNS_LABEL] = "vllm-streamer"
    """Kubernetes service account of the Pods; `KSA_NAME` in the guide."""

    object_role: Literal["objectUser", "objectViewer"] = "objectUser"
    """Role on the bucket's files: the guide's objectUser, or objectViewer, which only reads."""

    gpu: Annotated[
        Text,
        _matches(r"nvidia-[a-z0-9-]+", "write the GPU's type like nvidia-l4"),
    ] = "nvidia-l4"
    """GPU type, as the node label `cloud.google.com/gke-accelerator` has it."""

    gpu_count: Annotated[int, Field(ge=1, le=16)] = 1
    """GPUs of one Pod, in whole GPUs."""

    tensor_parallel_size: Annotated[int, Field(ge=1, le=16)] = 1
    """GPUs that share one copy of the model (vLLM `--tensor-parallel-size`)."""

    machine_type: Annotated[
        Text,
        _matches(r"[a-z][a-z0-9]*-[a-z0-9-]+", "write the machine type like g2-standard-16"),
    ] = "g2-standard-16"
    """Machine of the Standard GPU pool; Autopilot chooses by itself."""

    spot: bool = False
    """Spot machines for the GPUs: cheaper, and Google may take them back at any time."""

    inference_server: Literal["vllm", "sglang"] = "vllm"
    """Inference server; both stream with the same streamer. A rehearsal has vLLM only."""

    vllm_version: Annotated[Text, AfterValidator(_vllm_version)] = "0.32.0"
    """vLLM release, the tag of the image `vllm/vllm-openai` without its v."""

    sglang_version: Annotated[Text, AfterValidator(_sglang_version)] = "0.5.23"
    """SGLang release, the tag of the image `lmsysorg/sglang` without its v."""

    max_model_len: Annotated[int, Field(ge=0, le=10_000_000)] = 4096
    """Longest prompt and answer together, in tokens; 0 leaves it to the model."""

    concurrency: Annotated[int, Field(ge=0, le=1024)] = 0
    """Parallel readers of the streamer; 0 leaves its default of 8 for object storage."""

    replicas: Annotated[int, Field(ge=1, le=64)] = 1
    """Pods of the Deployment."""

    zone: Annotated[
        Text, _matches(r"([a-z]+-[a-z]+\d+-[a-z])?", "write a zone like us-central1-a, or nothing")
    ] = ""
    """Zone that holds the Pods (08); empty lets GKE choose."""

    max_replicas: Annotated[int, Field(ge=0, le=64)] = 0
    """Pods up to which a queue of requests may raise the Deployment (08); 0 leaves it alone."""

    cache_scope: Literal["zone", "region"] = "zone"
    """One cache in the Pods' zone, or one in each zone of the region (08)."""

    compare_runs: Annotated[int, Field(ge=2, le=50)] = 5
    """How often each loader loads the model (09); the first run is shown apart."""

    compare_tunable: Literal["concurrency", "chunk", "memory_limit", "grpc"] = "concurrency"
    """What of the streamer alone is tried with several values (09)."""

    compare_minutes: Annotated[int, Field(ge=1, le=600)] = 15
    """Minutes after which no comparison begins another round (09)."""

    compare_usd: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 0.0
    """Dollars of the machine's list price after which none does (09); 0 sets no limit."""

    model_source: Annotated[Text, AfterValidator(_model_source)] = ""
    """Upload this first (03): a local folder, or `hf://ORG/NAME[@REVISION]`; empty: nothing."""

    account: Annotated[
        Text, _matches(r"([^@\s:]+@[^@\s:]+)?", "write an e-mail address, or nothing")
    ] = ""
    """Who gets the two roles of the guide (02); empty asks your credentials."""

    language: Literal["en", "es"] = "en"
    """Language of the library's messages."""

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if self.tensor_parallel_size > self.gpu_count:
            raise _refuse(
                "tensor_parallel_size is {size}, but a Pod has {count} GPU(s): raise gpu_count",
                field="tensor_parallel_size",
                size=self.tensor_parallel_size,
                count=self.gpu_count,
            )
        if self.mode == "autopilot" and not _REGION.fullmatch(self.location):
            raise _refuse(
                "Autopilot clusters are regional: write the region {region}, not a zone",
                field="location",
                region=self.region,
            )
        if self.mode == "standard" and not _ZONE.fullmatch(self.location):
            raise _refuse(
                "the guide's Standard cluster is zonal: write a zone of {region}, such as "
                "{region}-a",
                field="location",
                region=self.region,
            )
        if self.zone and not self.zone.startswith(f"{self.region}-"):
            raise _refuse(
                "the zone {zone} is not in {region}", "zone", zone=self.zone, region=self.region
            )
        if self.mode == "standard" and self.zone not in ("", self.location):
            raise _refuse(
                "a zonal cluster has its nodes in {location}: leave the zone empty",
                "zone",
                location=self.location,
            )
        return self

    @property
    def bucket_name(self) -> str:
        """`BUCKET_NAME` in the guide."""
        return self.model_uri.removeprefix("gs://").partition("/")[0]

    @property
    def model_path(self) -> str:
        """`PATH_TO_MODEL` in the guide, without slashes at its ends."""
        return self.model_uri.removeprefix("gs://").partition("/")[2]

    @property
    def hub_model(self) -> tuple[str, str]:
        """`ORG/NAME` and the revision of a model on Hugging Face; nothing for a folder."""
        if not self.model_source.startswith("hf://"):
            return "", ""
        name, _, revision = self.model_source.removeprefix("hf://").partition("@")
        return name, revision

    @property
    def source_folder(self) -> Path:
        """The folder that `model_source` names; a home that nobody has stays as it is written."""
        try:
            return Path(self.model_source).expanduser()
        except RuntimeError:
            return Path(self.model_source)

    @property
    def served_name(self) -> str:
        """The model's name in requests: its folder's own name."""
        return self.model_uri.rpartition("/")[2].replace(":", "-")

    @property
    def region(self) -> str:
        """The region of `location`."""
        return "-".join(self.location.split("-")[:2])

    @property
    def workload_pool(self) -> str:
        """The project's workload identity pool."""
        return f"{self.project_id}.svc.id.goog"

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Settings:
        """Return valid settings, or raise SettingsError with the reason for each wrong one."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise _settings_error(error) from None


def model_uri(text: str) -> str:
    """Return a model's address without slashes at its end.

    Raises:
        SettingsError: It is no gs://BUCKET_NAME/PATH_TO_MODEL.
    """
    try:
        return str(TypeAdapter(ModelUri).validate_python(text))
    except ValidationError as error:
        reason = _reason(error.errors()[0])
        raise SettingsError(reason, remedy=say("Write gs://BUCKET_NAME/PATH_TO_MODEL.")) from None


def _settings_error(error: ValidationError) -> SettingsError:
    fields = {_field(e): _reason(e) for e in error.errors()}
    what = "\n".join(f"{name}: {reason}" for name, reason in fields.items())
    remedy = say("correct it in the form above, or pass it as -p NAME VALUE")
    return SettingsError(what, remedy=remedy, fields=fields)


def _field(error: Any) -> str:
    return str(error["loc"][0] if error["loc"] else error.get("ctx", {}).get("field", "settings"))


def _reason(error: Any) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return say("still empty: choose one")
        case "extra_forbidden":
            return say("no setting has this name")
        case "greater_than_equal":
            return say("write {least} or more", least=context["ge"])
        case "less_than_equal":
            return say("write {most} or less", most=context["le"])
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return say("write a whole number")
        case "bool_parsing" | "bool_type":
            return say("write true or false")
        case "literal_error":
            return say("choose {expected}", expected=context["expected"])
        case _:
            return str(error["msg"])


def merge(
    *layers: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Lay the layers over the environment, later over earlier; empty means "not given"."""
    environ = os.environ if environ is None else environ
    names = {ENV_PREFIX + name.upper(): name for name in Settings.model_fields}
    merged: dict[str, object] = {names[k]: v for k, v in environ.items() if k in names and v}
    for layer in layers:
        merged |= {name: value for name, value in layer.items() if value not in ("", None)}
    return merged
