"""The settings themselves, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ..errors import SettingsError
from ..texts import say
from . import machines
from .refusals import offer, reason, settings_error
from .rules import (
    DNS_LABEL,
    Account,
    Decimal,
    ModelSource,
    ModelUri,
    SglangVersion,
    Text,
    VllmVersion,
    Whole,
    must_match,
    refusal,
)

_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]", re.ASCII)
_REGION = re.compile(r"[a-z]+-[a-z]+\d+", re.ASCII)


class Settings(BaseModel):
    """Every choice the guide asks for; frozen, so that notebooks can't drift apart."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True
    )

    project_id: Annotated[
        Text,
        must_match(
            r"([a-z][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
            "a project ID has 6 to 30 lowercase letters, digits and -, starting with a letter",
        ),
    ]
    """The Google Cloud project; `PROJECT_ID` in the guide. Its ID, not its number."""

    location: Annotated[
        Text,
        must_match(
            r"[a-z]+-[a-z]+\d+(-[a-z])?",
            "enter a region such as us-central1, or a zone such as us-central1-a",
        ),
    ] = "us-central1"
    """A region for Autopilot, a zone for Standard; fastest where the bucket is."""

    model_uri: ModelUri
    """The folder of safetensors files: `gs://BUCKET_NAME/PATH_TO_MODEL`."""

    mode: Literal["autopilot", "standard"] = "autopilot"
    """GKE cluster mode."""

    cluster_name: Annotated[
        Text,
        must_match(
            r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?",
            "a cluster name has at most 40 lowercase letters, digits and -, starting with a letter",
        ),
    ] = "run-ai-test"
    """`CLUSTER_NAME` in the guide."""

    namespace: Annotated[Text, DNS_LABEL] = "vllm"
    """Kubernetes namespace of everything that runs; `NAMESPACE` in the guide."""

    service_account: Annotated[Text, DNS_LABEL] = "vllm-streamer"
    """Kubernetes service account of the Pods; `KSA_NAME` in the guide."""

    object_role: Literal["objectUser", "objectViewer"] = "objectUser"
    """IAM role on the bucket's files: objectUser, as in the guide, or objectViewer (read-only)."""

    gpu: Annotated[
        Text,
        must_match(r"nvidia-[a-z0-9-]+", "enter a GPU type such as nvidia-l4"),
    ] = "nvidia-l4"
    """GPU type, a value of the node label cloud.google.com/gke-accelerator."""

    gpu_count: Annotated[Whole, Field(ge=1, le=16)] = 1
    """GPUs per Pod."""

    tensor_parallel_size: Annotated[Whole, Field(ge=1, le=16)] = 1
    """GPUs that share one copy of the model (vLLM `--tensor-parallel-size`)."""

    machine_type: Annotated[
        Text,
        must_match(r"[a-z][a-z0-9]*-[a-z0-9-]+", "enter a machine type such as g2-standard-16"),
    ] = "g2-standard-16"
    """Machine type of the Standard GPU node pool; Autopilot chooses its own."""

    gpu_driver: Literal["auto", "default", "latest"] = "auto"
    """GPU driver: GKE's default or latest version; auto: the one that the image's CUDA needs."""

    spot: bool = False
    """Spot VMs for the GPUs: cheaper, but Google can reclaim them at any time."""

    inference_server: Literal["vllm", "sglang"] = "vllm"
    """Inference server; both use the same streamer. A rehearsal runs vLLM only."""

    vllm_version: VllmVersion = "0.32.0"
    """vLLM release, the tag of the image `vllm/vllm-openai` without its v."""

    sglang_version: SglangVersion = "0.5.23"
    """SGLang release, the tag of the image `lmsysorg/sglang` without its v."""

    max_model_len: Annotated[Whole, Field(ge=0, le=10_000_000)] = 4096
    """Context length in tokens, prompt and answer together; 0: the model's own."""

    concurrency: Annotated[Whole, Field(ge=0, le=1024)] = 0
    """Parallel reads of the streamer; 0: its default, 8 for object storage."""

    replicas: Annotated[Whole, Field(ge=1, le=64)] = 1
    """Pods of the Deployment."""

    zone: Annotated[
        Text,
        must_match(
            r"([a-z]+-[a-z]+\d+-[a-z])?", "enter a zone such as us-central1-a, or leave it empty"
        ),
    ] = ""
    """Zone to run the Pods in (08); empty: GKE chooses."""

    max_replicas: Annotated[Whole, Field(ge=0, le=64)] = 0
    """Upper limit for autoscaling by queue size (08); 0: no autoscaling."""

    cache_scope: Literal["zone", "region"] = "zone"
    """Create a cache in the zone of the Pods, or in each zone of the region (08)."""

    compare_runs: Annotated[Whole, Field(ge=2, le=50)] = 5
    """How many times each loader loads the model (09); the first run is set apart."""

    compare_tunable: Literal["concurrency", "chunk", "memory_limit", "grpc"] = "concurrency"
    """Streamer setting to tune (09)."""

    compare_minutes: Annotated[Whole, Field(ge=1, le=600)] = 15
    """Budget of a comparison in minutes (09)."""

    compare_usd: Annotated[Decimal, Field(ge=0, le=10_000, allow_inf_nan=False)] = 0.0
    """Budget of a comparison in US dollars at list price (09); 0: no limit."""

    temperature: Annotated[Decimal, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    """Randomness of an answer in the prompt box (07); 0: always the most likely tokens."""

    max_tokens: Annotated[Whole, Field(ge=1, le=32_768)] = 64
    """Maximum length of an answer in the prompt box, in tokens (07)."""

    model_source: ModelSource = ""
    """Model to upload first (03): a local folder, or hf://ORG/NAME[@REVISION]; empty: no upload."""

    account: Account = ""
    """Account to grant the IAM roles to (02); empty: the account of your credentials."""

    language: Literal["en", "es"] = "en"
    """Language of the library's messages; if none is set, the command line uses your locale's."""

    @model_validator(mode="after")
    def _agree(self) -> Settings:
        if self.tensor_parallel_size > self.gpu_count:
            raise refusal(
                "tensor_parallel_size is {size}, but gpu_count is {count}: raise gpu_count",
                field="tensor_parallel_size",
                size=self.tensor_parallel_size,
                count=self.gpu_count,
            )
        self._require_machine()
        if self.mode == "autopilot" and not _REGION.fullmatch(self.location):
            raise refusal(
                "Autopilot clusters are regional: enter the region {region}, not a zone",
                field="location",
                region=self.region,
            )
        if self.mode == "standard" and not _ZONE.fullmatch(self.location):
            raise refusal(
                "the guide's Standard cluster is zonal: enter a zone of {region}, such as "
                "{region}-a",
                field="location",
                region=self.region,
            )
        if self.zone and not self.zone.startswith(f"{self.region}-"):
            raise refusal(
                "the zone {zone} is not in {region}", "zone", zone=self.zone, region=self.region
            )
        if self.mode == "standard" and self.zone not in ("", self.location):
            raise refusal(
                "a zonal cluster has its nodes in {location}: leave zone empty",
                "zone",
                location=self.location,
            )
        return self

    def _require_machine(self) -> None:
        """Refuse GPUs that no machine has, and a Standard machine that has others.

        A GPU or a machine that is not in `data/gpus.json` is left to the doctor, who asks
        Compute Engine. Source: Compute Engine, "GPU machine types"; GKE refuses such a pool.
        """
        counts = machines.counts(self.gpu)
        if counts and self.gpu_count not in counts:
            raise refusal(
                "no machine has {count} x {gpu}: choose {counts}",
                field="gpu_count",
                count=self.gpu_count,
                gpu=self.gpu,
                counts=", ".join(map(str, counts)),
            )
        fitting = machines.fitting(self.gpu, self.gpu_count)
        known = bool(counts) and machines.known(self.machine_type)
        if self.mode == "standard" and known and self.machine_type not in fitting:
            raise refusal(
                "{machine} does not have {count} x {gpu}: choose {machines}",
                field="machine_type",
                machine=self.machine_type,
                count=self.gpu_count,
                gpu=self.gpu,
                machines=", ".join(fitting),
            )

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
            raise settings_error(error) from None


def model_uri(text: str) -> str:
    """Return a model's address without slashes at its end.

    Raises:
        SettingsError: It is no gs://BUCKET_NAME/PATH_TO_MODEL.
    """
    try:
        return str(TypeAdapter(ModelUri).validate_python(text))
    except ValidationError as error:
        refused = error.errors()[0]
        address = offer(refused) or "gs://BUCKET_NAME/PATH_TO_MODEL"
        remedy = say("Write {address}.", address=address)
        raise SettingsError(reason(refused), remedy=remedy) from None
