"""Whatever is sent to the Hub, it answers in the Hub's form, gives no other file, and stays up."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warmbook_rehearsal.hub import GATED, OPEN

LIMIT_S = 5
WORDS = st.text("\x21\x7e\xff/.%0eE2fF-_@?&=abc", max_size=24) | st.sampled_from(
    ("..", "%2e%2e%2f", "../../etc/passwd", "%00", "main", "a" * 3000, OPEN, GATED, "refs/pr/1")
)
FORMS = st.sampled_from(
    (
        *("/api/models/{}", f"/api/models/{OPEN}/revision/{{}}", f"/api/models/{OPEN}/tree/{{}}"),
        *(f"/api/models/{OPEN}/tree/main/{{}}", f"/{OPEN}/resolve/main/{{}}", "/cdn/{}"),
        *(f"/{OPEN}/resolve/{{}}/config.json", "/{}", f"/api/models/{OPEN}?blobs={{}}"),
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(("Range", "Authorization", "Content-Type", "If-Range", "Accept-Encoding")),
    st.text("bytes=-,0123456789 Berhf_*/\xff", max_size=24).map(str.strip)
    | st.builds("bytes={}-{}".format, st.integers(), st.integers())
    | st.sampled_from(("Bearer hf_rehearsal_with_access", "bytes=" + "9" * 40 + "-")),
    max_size=3,
)
BODIES = st.binary(max_size=40) | st.sampled_from(
    (b"[" * 50_000, b'{"paths": [1]}', b'{"paths": {}}', b"paths=config.json", b" " * 3_000_000)
)
FUZZ = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def ask(hub, verb, target, body=None, **headers):
    connection = HTTPConnection(hub.url.removeprefix("http://"), timeout=LIMIT_S)
    try:
        connection.putrequest(verb, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value.encode("latin-1"))
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except BrokenPipeError:  # too large: refused before it was all sent
        return 413, {}, b'{"error": ""}'
    finally:
        connection.close()


def well_formed(status, headers, body):
    assert status < 500, (status, body)
    if status >= 400:
        assert isinstance(json.loads(body)["error"], str)
    assert b"root:" not in body


@FUZZ
@given(form=FORMS, word=WORDS, headers=HEADERS, verb=st.sampled_from(("GET", "DELETE", "PUT")))
def test_any_address_and_headers(hub, form, word, headers, verb):
    target = form.format(word).encode("latin-1", "replace").decode("latin-1")
    target = "".join(c if c.isascii() else f"%{ord(c):02X}" for c in target)
    status, told, body = ask(hub, verb, target, **headers)
    if status == 400 and not body.startswith(b"{"):  # refused by the HTTP parser itself
        return
    well_formed(status, told, body)


@FUZZ
@given(body=BODIES, kind=st.sampled_from(("application/json", "text/plain", "multipart/form-data")))
def test_any_body_of_paths(hub, body, kind):
    target = f"/api/models/{OPEN}/paths-info/main"
    well_formed(*ask(hub, "POST", target, body, Content_Type=kind))


@pytest.mark.parametrize(
    "path",
    ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd"],
)
def test_no_path_leads_out(hub, path):
    for target in (f"/{OPEN}/resolve/main/{path}", f"/cdn/{path}", f"/{path}"):
        status, told, body = ask(hub, "GET", target)
        assert status in (400, 403, 404)
        well_formed(status, told, body)


def test_a_gated_file_has_no_back_door(hub):
    for path in ("config.json", "model.safetensors"):
        for verb in ("GET", "HEAD"):
            status, told, _ = ask(hub, verb, f"/{GATED}/resolve/main/{path}")
            assert (status, told["X-Error-Code"]) == (401, "GatedRepo")
            assert "Location" not in told
