"""What the text of a setting must look like, and what the reader is told where it does not."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from ..terminal import one_line
from ..texts import say

OLDEST_VLLM = (0, 11, 1)
OLDEST_SGLANG = (0, 5, 12)
"""The first that marks tensors of the streamer, whose memory is filled again."""
# Source: huggingface_hub, `validate_repo_id`
_HUB_WORD = re.compile(r"(?!.*(?:--|\.\.|\.git$))\w(?:[\w.-]{0,94}\w)?", re.ASCII)
_MODEL_FILE = re.compile(r"(?i).*\.(?:safetensors|json)")
"""Weights, model.safetensors.index.json, config.json and the tokenizer's files."""
_HUB_REVISION = re.compile(r"(?!/)(?!.*(?:\.\.|//))[\w./+-]{1,255}(?<!/)", re.ASCII)


def refusal(
    english: str, field: str = "", *, offer: str = "", **values: Any
) -> PydanticCustomError:
    """Return the refusal of a value, in the reader's language; `field` where it is not its own.

    `offer` is a value to use instead.
    """
    # Braces in a value would be read as pydantic's own placeholders.
    context = {"text": say(english, **values), "field": field, "offer": offer}
    return PydanticCustomError("refused", "{text}", context)


def must_match(pattern: str, english: str) -> AfterValidator:
    """Return the rule that the whole text matches; `english` says what to write instead."""

    def matching(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise refusal(english)
        return value

    return AfterValidator(matching)


def _model_uri(value: str) -> str:
    if not value.startswith("gs://"):
        if value.lower().startswith("gs://"):
            raise refusal("write gs:// in small letters: the streamer does not know GS://")
        raise refusal("the streamer reads from Cloud Storage: write gs://BUCKET_NAME/PATH_TO_MODEL")
    bucket, _, path = value.removeprefix("gs://").rstrip("/").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", bucket):
        raise refusal("the bucket name has 3 or more small letters, digits, - _ or .")
    if not path:
        raise refusal("name the model's folder too: gs://BUCKET_NAME/PATH_TO_MODEL")
    if "//" in f"/{path}" or one_line(path) != path:
        raise refusal("the folder has an empty part or a control character")
    _require_folder(bucket, path)
    return f"gs://{bucket}/{path}"


def _require_folder(bucket: str, path: str) -> None:
    """Refuse the address of one of the model's files, and offer the folder that it is in."""
    folder, _, name = path.rpartition("/")
    if not _MODEL_FILE.fullmatch(name):
        return
    if not folder:
        raise refusal("{name} is a file: write the folder that holds the model's files", name=name)
    address = f"gs://{bucket}/{folder}"
    raise refusal(
        "{name} is a file: write its folder {folder}", name=name, folder=address, offer=address
    )


def _model_source(value: str) -> str:
    """Take a folder as it is, and hold a model on Hugging Face against the Hub's rules."""
    if re.match(r"(?i)https?://(www\.)?(huggingface\.co|hf\.co)/", value):
        raise refusal("write hf://ORG/NAME, without the rest of the web address")
    if not value.lower().startswith("hf:"):
        if one_line(value) != value:
            raise refusal("the folder's name has a control character")
        return value
    if value == "hf://" or not value.startswith("hf://"):
        raise refusal("write hf://ORG/NAME or hf://ORG/NAME@REVISION")
    name, at, revision = value.removeprefix("hf://").partition("@")
    parts = name.split("/")
    if len(parts) != 2 or not all(_HUB_WORD.fullmatch(part) for part in parts):
        raise refusal("write hf://ORG/NAME: letters, digits, - _ and . in both")
    if at and not _HUB_REVISION.fullmatch(revision):
        raise refusal("write a branch, a tag or a commit after the @")
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"([^@\s:]+@[^@\s:]+)?", value) or one_line(value) != value:
        raise refusal("write an e-mail address, or nothing")
    return value


def _vllm_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:[.-]?[a-z]+\d*)?", value)
    if not found:
        raise refusal("write the version like 0.32.0")
    if tuple(int(part) for part in found.groups()) < OLDEST_VLLM:
        raise refusal(
            "vLLM 0.11.1 is the first that signs in to Cloud Storage by itself; choose it or later"
        )
    return value


def _sglang_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?", value)
    if not found:
        raise refusal("write the version like 0.5.23")
    if tuple(int(part) for part in found.groups()) < OLDEST_SGLANG:
        raise refusal(
            "SGLang 0.5.12 is the first that minds the streamer's reused memory; choose it or later"
        )
    return value


DNS_LABEL = must_match(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "Kubernetes takes small letters, digits and -, at most 63, a letter or digit at both ends",
)
# papermill turns `-p project_id 123456` into a number
Text = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


def _digits(value: Any) -> Any:
    """Refuse true and false, which pydantic takes for 1 and 0, and `1_000`, which Python reads."""
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise refusal("write a number, in digits only")
    return value


Whole = Annotated[int, BeforeValidator(_digits)]
Decimal = Annotated[float, BeforeValidator(_digits)]


ModelUri = Annotated[Text, AfterValidator(_model_uri)]
ModelSource = Annotated[Text, AfterValidator(_model_source)]
Account = Annotated[Text, AfterValidator(_account)]
VllmVersion = Annotated[Text, AfterValidator(_vllm_version)]
SglangVersion = Annotated[Text, AfterValidator(_sglang_version)]
