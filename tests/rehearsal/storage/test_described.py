"""Any request that Cloud Storage's discovery document describes gets an answer in Google's form."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
from hypothesis import given

from ..described import Description, Method, Request, of_discovery, requests
from ..fuzzing import Answer, Wire, batches
from .conftest import TOKEN

BUCKETS, OBJECTS = ("fuzzed", "fuzzed", "fuzzed", "another"), ("there", "there", "new", "a/")
KNOWN = {
    **dict.fromkeys(("bucket", "sourceBucket", "destinationBucket"), BUCKETS),
    **dict.fromkeys(("object", "sourceObject", "destinationObject"), OBJECTS),
    **dict.fromkeys(("project", "projectId"), ("demo-proj",)),
    "anywhereCacheId": ("us-central1-a", "us-central1-b"),
    "destination": ("new", "there"),
    "entity": ("allUsers", "user-a@b.c"),
    "generation": ("1", "-1", "0"),
    "location": ("us-central1", "US", "europe-west4"),
    "name": (*BUCKETS, *OBJECTS),
    "role": ("roles/storage.objectViewer", "READER"),
    "uploadType": ("media", "multipart", "resumable"),
    "zone": ("us-central1-a", "us-central1-b"),
}


def is_storages(answer: Answer) -> None:
    """Check that an answer is no failure of the server, and a refusal in Google's form."""
    assert answer.status < 500 or answer.status == 501, answer
    if answer.status >= 400 and answer.body and answer.kind != "text/html":  # of a media download
        error = json.loads(answer.body)["error"]
        assert error["code"] == answer.status and error["errors"][0]["domain"] == "global"


def of_cloud_storage(wire: Wire) -> Description:
    """Return the methods that the rehearsal has, three times, and all others once."""
    described = of_discovery("storage.v1")
    there = [one for one in described.methods if _is_there(wire, one)]
    assert len(there) > 25
    return Description((*there * 3, *described.methods), described.schemas)


def _is_there(wire: Wire, method: Method) -> bool:
    target = re.sub(r"\{(\w+)\}", lambda part: str(KNOWN.get(part[1], ("x",))[-1]), method.path)
    return b'"message": "Not Found"' not in wire.ask(method.verb, quote(target), {}).body


def restored(wire: Wire) -> None:
    """Put back the bucket, the object that requests are about, and the reader's rights."""
    if wire.ask("PUT", "/storage/v1/b/fuzzed/iam", {"bindings": []}).status == 404:
        made = {"name": "fuzzed", "location": "us-central1"}
        assert wire.ask("POST", "/storage/v1/b?project=demo-proj", made).status == 200
    wire.ask("POST", "/upload/storage/v1/b/fuzzed/o?uploadType=media&name=there", "0123456789")


@pytest.mark.parametrize(("seed", "drawn"), batches(), ids=lambda one: None)
def test_any_described_request_gets_an_answer(
    server: Any, seed: int, drawn: hypothesis.settings
) -> None:
    wire, before = Wire(server.url, TOKEN), Wire(server.url, TOKEN)
    described = of_cloud_storage(before)

    @hypothesis.seed(seed)
    @drawn
    @given(requests(described, KNOWN))
    def ask(request: Request) -> None:
        restored(before)
        is_storages(wire.ask(request.verb, request.target, request.body))

    with wire.recorded("Cloud Storage", len(set(described.methods))):
        ask()
    restored(before)
    assert wire.ask("GET", "/storage/v1/b/fuzzed/o/there").status == 200
