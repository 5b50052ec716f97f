"""What the text of a setting must look like, and what the reader is told where it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class MustMatch:
    """The rule that the whole text matches; `english` says what to write instead."""

    pattern: str
    english: str

    def __call__(self, value: str) -> str:
        """Return the text if it matches."""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise refusal(self.english)
        return value


def must_match(pattern: str, english: str) -> AfterValidator:
    """Return the rule for pydantic."""
    return AfterValidator(MustMatch(pattern, english))


def _model_uri(value: str) -> str:
    if not value.startswith("gs://"):
        if value.lower().startswith("gs://"):
            raise refusal("enter gs:// in lowercase: the streamer does not accept GS://")
        raise refusal("the streamer reads from Cloud Storage: enter gs://BUCKET_NAME/PATH_TO_MODEL")
    bucket, _, path = value.removeprefix("gs://").rstrip("/").partition("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", bucket):
        raise refusal("a bucket name has 3 or more lowercase letters, digits, - _ or .")
    if not path:
        raise refusal("include the model's folder: gs://BUCKET_NAME/PATH_TO_MODEL")
    if "//" in f"/{path}" or one_line(path) != path:
        raise refusal("the folder contains an empty part or a control character")
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
        raise refusal("enter hf://ORG/NAME, without the rest of the URL")
    if not value.lower().startswith("hf:"):
        if one_line(value) != value:
            raise refusal("the folder name contains a control character")
        return value
    if value == "hf://" or not value.startswith("hf://"):
        raise refusal("enter hf://ORG/NAME or hf://ORG/NAME@REVISION")
    name, at, revision = value.removeprefix("hf://").partition("@")
    parts = name.split("/")
    if len(parts) != 2 or not all(_HUB_WORD.fullmatch(part) for part in parts):
        raise refusal("enter hf://ORG/NAME: letters, digits, - _ and . in both")
    if at and not _HUB_REVISION.fullmatch(revision):
        raise refusal("enter a branch, tag or commit after the @")
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"([^@\s:]+@[^@\s:]+)?", value) or one_line(value) != value:
        raise refusal("enter an e-mail address, or leave it empty")
    return value


def _vllm_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:[.-]?[a-z]+\d*)?", value)
    if not found:
        raise refusal("enter a version such as 0.32.0")
    if tuple(int(part) for part in found.groups()) < OLDEST_VLLM:
        raise refusal(
            "vLLM 0.11.1 is the first release that authenticates to Cloud Storage; choose it or "
            "later"
        )
    return value


def _sglang_version(value: str) -> str:
    value = value.removeprefix("v")
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:\.post\d+)?", value)
    if not found:
        raise refusal("enter a version such as 0.5.23")
    if tuple(int(part) for part in found.groups()) < OLDEST_SGLANG:
        raise refusal(
            "SGLang 0.5.12 is the first release that handles the streamer's reused buffers; "
            "choose it or later"
        )
    return value


DNS_LABEL = must_match(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    "use lowercase letters, digits and -, at most 63 characters, with a letter or digit at both "
    "ends",
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
