"""Whatever is sent to Cloud Storage's faces, they answer in Google's form and stay up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..fuzzing import places

LIMIT_S = 5
EXAMPLES = 80
JSON_FACES = ("storage", "upload", "resumable", "download", "batch")

NUMBERS = st.sampled_from(("-1", "0", "1", "", "²", "9" * 99, "9" * 19, "1e3", "0x1", " 1", "x"))
TEXTS = st.text(max_size=8) | st.sampled_from(("there", "a/", "/", "\x00", "\n", "é" * 700, "%2F"))
HEADER = st.text("\x20\x7e\x80\xff=,-;:\"'*abyte s0129", max_size=14).map(str.strip)
LATIN = HEADER.map(lambda text: text.encode("latin-1"))
GARBAGE = st.binary(max_size=40) | st.sampled_from(
    (b"{", b"[" * 50_000, b'{"a":' * 50_000, b"\xff\xfe", b"\xed\xa0\x80", b" " * (9 * 2**20))
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
ZONE = "/storage/v1/b/fuzzed/anywhereCaches"
GOOD: dict[str, Any] = {
    "POST /storage/v1/b?project=demo-proj": {
        "name": "another",
        "location": "us-central1",
        "customPlacementConfig": {"dataLocations": ["us-central1", "us-east1"]},
        "hierarchicalNamespace": {"enabled": False},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        "labels": {"a": "b"},
    },
    "PATCH /storage/v1/b/fuzzed": {"labels": {"a": "b"}, "storageClass": "STANDARD"},
    "PUT /storage/v1/b/fuzzed/iam": {
        "bindings": [{"role": "roles/storage.admin", "members": ["user:a@b.c"], "condition": {}}],
        "version": 3,
    },
    f"POST {ZONE}": {"zone": "us-central1-b", "ttl": "3600s", "ingestOnWrite": True},
    f"PATCH {ZONE}/us-central1-a": {"ttl": "3600s", "admissionPolicy": "admit-on-first-miss"},
    "PATCH /storage/v1/b/fuzzed/o/there": {"contentType": "a/b", "metadata": {"k": "v"}},
    "PUT /storage/v1/b/fuzzed/o/there": {"cacheControl": "no-store", "customTime": "now"},
    "POST /storage/v1/b/fuzzed/o/new/compose": {
        "sourceObjects": [{"name": "there", "objectPreconditions": {"ifGenerationMatch": "1"}}],
        "destination": {"contentType": "a/b"},
    },
    "POST /storage/v1/b/fuzzed/o/there/rewriteTo/b/fuzzed/o/new": {"metadata": {"k": "v"}},
    "POST /upload/storage/v1/b/fuzzed/o?uploadType=resumable": {"name": "x", "md5Hash": "x"},
}
READS = (
    *("/storage/v1/b/fuzzed/o/there", "/download/storage/v1/b/fuzzed/o/there", "/fuzzed/there"),
    *("/storage/v1/b/fuzzed/o/there?alt=media", "/storage/v1/b/fuzzed", "/fuzzed"),
    *("/storage/v1/b/fuzzed/o", "/storage/v1/b", ZONE, f"{ZONE}/us-central1-a", "/fuzzed?uploads"),
    *("/storage/v1/b/fuzzed/iam", "/storage/v1/b/fuzzed/operations", "/fuzzed/there?uploadId=1"),
)
PARAMETERS = st.sampled_from(
    (
        *("maxResults", "pageToken", "matchGlob", "delimiter", "prefix", "startOffset", "max-keys"),
        *("ifGenerationMatch", "ifMetagenerationNotMatch", "generation", "alt", "projection"),
        *("endOffset", "continuation-token", "marker", "optionsRequestedPolicyVersion", "name"),
        *("includeTrailingDelimiter", "permissions", "uploadType", "upload_id", "partNumber"),
    )
)
GLOBS = st.text("*?[]{},!^a-z/\\é", max_size=30) | st.sampled_from(
    ("**a" * 30, "{" * 900, "[[:x:]")
)
QUERIES = st.dictionaries(PARAMETERS, NUMBERS | TEXTS | GLOBS, max_size=3)
HEADERS = st.dictionaries(
    st.sampled_from(
        (
            *("Range", "If-Match", "If-None-Match", "x-goog-if-generation-match", "Content-Range"),
            *("X-Goog-Hash", "Content-MD5", "Content-Type", "X-Upload-Content-Type", "Accept"),
            *("x-goog-meta-k", "Content-Encoding", "X-HTTP-Method-Override", "Cache-Control"),
        )
    ),
    LATIN
    | st.builds("bytes={}-{}".format, NUMBERS, NUMBERS).map(lambda text: text.encode("utf-8"))
    | st.builds("bytes {}-{}/{}".format, NUMBERS, NUMBERS, NUMBERS).map(lambda t: t.encode("utf-8"))
    | st.sampled_from((b"crc32c=AAAAAA==", b"md5=x", b"bytes */*", b"bytes */1", b"PATCH", b"FLY")),
    max_size=3,
)
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Face:
    """Sends requests just as they are spelled and checks the form of what comes back."""

    def __init__(self, http: Any) -> None:
        self._http, self._address = http, http._base_url.removeprefix("http://")
        http.post(
            "/storage/v1/b?project=demo-proj", json={"name": "fuzzed", "location": "us-central1"}
        )
        http.put(f"/fuzzed/{'a' * 300}", data=b"for globs")
        http.post(ZONE, json={"zone": "us-central1-a"})

    def restored(self) -> None:
        """Put back the object that the requests are about, and the reader's rights."""
        self._http.put("/storage/v1/b/fuzzed/iam", json={"bindings": []}).raise_for_status()
        self._http.put("/fuzzed/there", data=b"0123456789").raise_for_status()

    def ask(self, verb: str, target: str, body: Any = None, **headers: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(self._address, timeout=LIMIT_S)
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent: Mapping[str, Any] = {"Authorization": "Bearer the-readers-token", **headers}
        try:
            connection.request(verb, target[:8000], raw, sent)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status < 500, text
        if answer.status >= 400 and verb != "HEAD" and text:
            _is_an_error(target, answer, text)
        return answer.status, text


def _is_an_error(target: str, answer: HTTPResponse, text: bytes) -> None:
    kind = answer.headers.get_content_type()
    if target[1:].partition("/")[0].partition("?")[0] not in JSON_FACES:
        assert kind == "application/xml" and ElementTree.fromstring(text).tag == "Error"
    elif kind == "text/html":  # the error of a media download is the mere message
        assert target.startswith("/download/") or "alt=" in target
    else:
        error = json.loads(text)["error"]
        assert error["code"] == answer.status and error["errors"][0]["domain"] == "global"


@pytest.fixture(scope="module")
def face(http: Any) -> Iterator[Face]:
    """The server with a bucket, an object and a cache; it must answer to the very end."""
    face = Face(http)
    yield face
    face.restored()
    assert face.ask("GET", "/fuzzed/there") == (200, b"0123456789")


@FUZZ
@given(data=st.data(), request=st.sampled_from(sorted(GOOD)))
def test_a_document_with_wrong_values_gets_an_answer(
    face: Face, data: st.DataObject, request: str
) -> None:
    body = json.loads(json.dumps(GOOD[request]))
    for _ in range(data.draw(st.integers(1, 2))):
        holder, key = data.draw(st.sampled_from(list(places(body)) or [(body, "x")]))
        holder[key] = data.draw(JSON)
    face.restored()

    face.ask(*request.split(), body)
    for path in READS:
        face.ask("GET", path)


@FUZZ
@given(request=st.sampled_from(sorted(GOOD)), body=GARBAGE)
def test_a_body_that_is_no_document_gets_an_answer(face: Face, request: str, body: bytes) -> None:
    face.restored()
    status, _ = face.ask(*request.split(), body)
    assert 400 <= status < 500 or not body.strip() or isinstance(json.loads(body), dict)


@FUZZ
@given(path=st.sampled_from(READS), query=QUERIES, headers=HEADERS, verb=st.sampled_from("GH"))
def test_any_query_and_headers_get_an_answer(
    face: Face, path: str, query: dict[str, str], headers: dict[str, bytes], verb: str
) -> None:
    face.restored()
    query_text = urlencode({k: v.encode("utf-8", "replace") for k, v in query.items()})
    face.ask(
        "GET" if verb == "G" else "HEAD",
        f"{path}{'&' if '?' in path else '?'}{query_text}",
        **headers,
    )


@FUZZ
@given(
    verb=st.sampled_from(("GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "LOCK")),
    parts=st.lists(
        st.sampled_from(
            (
                *("storage", "v1", "b", "fuzzed", "o", "there", "upload", "resumable", "download"),
                *("iam", "anywhereCaches", "us-central1-a", "pause", "operations", "compose"),
                *("%00", "%ff", "%zz", "%2F", "..", "%0A", "", "storage/v1/b/fuzzed", "batch"),
            )
        ),
        max_size=7,
    ),
    query=QUERIES,
    headers=HEADERS,
    body=GARBAGE,
)
def test_any_path_gets_an_answer(
    face: Face, verb: str, parts: list[str], query: Any, headers: dict[str, bytes], body: bytes
) -> None:
    face.restored()
    query_text = quote(str(query)) if len(parts) % 2 else urlencode(query, errors="replace")
    face.ask(verb, "/" + "/".join(parts) + "?" + query_text, body, **headers)


@FUZZ
@given(data=st.data(), headers=HEADERS, body=GARBAGE | JSON, query=QUERIES)
def test_any_upload_gets_an_answer(
    face: Face, data: st.DataObject, headers: dict[str, bytes], body: Any, query: dict[str, str]
) -> None:
    face.restored()
    kind = data.draw(
        st.sampled_from(("media", "multipart", "resumable", "xml", "part", "complete"))
    )
    more = urlencode({"name": "up", **query}, errors="replace")
    upload = f"/upload/storage/v1/b/fuzzed/o?uploadType={kind}&{more}"
    if kind == "multipart":
        part = data.draw(
            st.sampled_from((b"", b"\r\n", b"\n", b"Content-Type: a/b\r\n\r\n", b"--b"))
        )
        end = data.draw(st.sampled_from((b"--b--", b"--b", b"", b"\r\n--b--\r\n")))
        document = (
            json.dumps({"name": "up", "crc32c": "x"}).encode() if data.draw(st.booleans()) else part
        )
        raw = b"--b\r\nContent-Type: application/json\r\n\r\n" + document + b"\r\n--b" + part + end
        face.ask(
            "POST", upload, raw, **{"Content-Type": b"multipart/related; boundary=b", **headers}
        )
    elif kind in ("part", "complete"):
        _, begun = face.ask("POST", "/fuzzed/up?uploads", b"")
        found = ElementTree.fromstring(begun).findtext("{*}UploadId")
        face.ask("PUT", f"/fuzzed/up?uploadId={found}&partNumber=1", b"x")
        face.ask("PUT", f"/fuzzed/up?uploadId={found}&{more}", body, **headers)
        part = data.draw(
            st.sampled_from((b"<Part><PartNumber>1</PartNumber>", b"<a/>", b"&x;", b""))
        )
        raw = b"<?xml version='1.0' encoding='%s'?>" % data.draw(
            st.sampled_from((b"utf-8", b"x", b"utf-16"))
        )
        face.ask("POST", f"/fuzzed/up?uploadId={found}", raw + b"<C>" + part + b"</C>", **headers)
    else:
        verb, target = ("PUT", "/fuzzed/up") if kind == "xml" else ("POST", upload)
        face.ask(verb, target, body, **headers)
        face.ask("GET", "/fuzzed/up")


@FUZZ
@given(etag=st.binary(min_size=1, max_size=9).map(lambda raw: raw.hex()))
def test_a_stale_etag_is_a_412(face: Face, etag: str) -> None:
    face.restored()
    status, refusal = face.ask("PUT", "/storage/v1/b/fuzzed/iam", {"bindings": [], "etag": etag})

    assert (status, json.loads(refusal)["error"]["errors"][0]["reason"]) == (412, "conditionNotMet")
