"""The fuzz tests' own parts: what they draw fits the description, and silence is an error."""

import json
import socket
from collections import Counter

import pytest
from hypothesis import Phase, given, settings

from . import fuzzing
from .described import Description, Method, of_openapi, requests
from .fuzzing import Wire

SCHEMAS = {
    "Thing": {
        "type": "object",
        "properties": {
            "size": {"type": "string", "format": "int64"},
            "state": {"type": "string", "enum": ["ON", "OFF"]},
            "parts": {"type": "array", "items": {"$ref": "Thing"}},
        },
    }
}
METHOD = Method("POST", "/v1/{name}/things", {"limit": {"type": "integer"}}, {"$ref": "Thing"})
KNOWN = {"name": ("here",)}


def drawn(count=300):
    """Return requests as the fuzz tests draw them."""
    found = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(requests(Description((METHOD,), SCHEMAS), KNOWN))
    def collect(request):
        found.append(request)

    collect()
    return found


def test_half_of_the_requests_fit_and_the_others_have_something_odd():
    found = drawn()
    fitting = [one for one in found if one.target.startswith("/v1/here/things") and _fits(one.body)]
    assert len(found) / 2 < len(fitting) < len(found)
    assert {one.verb for one in found} == {"POST"}
    assert {one.target.partition("?")[2].partition("=")[0] for one in found} == {"", "limit"}


def _fits(body):
    if not isinstance(body, dict) or not set(body) <= {"size", "state", "parts"}:
        return False
    return body.get("state", "ON") in ("ON", "OFF") and isinstance(body.get("size", ""), str)


def test_a_schema_that_holds_itself_comes_to_an_end():
    assert Counter(isinstance(one.body, dict) for one in drawn())[True] > 200


def test_an_operation_of_openapi_is_a_method_with_its_media():
    reference = {"$ref": "#/components/schemas/Thing"}
    answers = {"200": {"content": {"application/json": {"schema": reference}}}}
    takes = {"parameters": [{"name": "dryRun", "schema": {"type": "string"}}]}
    paths = {"/things": {"get": {"responses": answers}, "patch": {"responses": answers, **takes}}}
    read, patch = of_openapi({"paths": paths, "components": {"schemas": SCHEMAS}}).methods
    assert (read.verb, read.body, read.media) == ("GET", None, ("application/json",))
    assert (patch.verb, patch.body, set(patch.query)) == ("PATCH", reference, {"dryRun"})
    assert "application/apply-patch+yaml" in patch.media


def test_a_server_that_stays_silent_is_an_error_and_counted(monkeypatch, tmp_path):
    figures = tmp_path / "figures"
    monkeypatch.setenv("WARMBOOK_FIGURES", str(figures))
    monkeypatch.setattr(fuzzing, "LIMIT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wire = Wire(f"http://127.0.0.1:{silent.getsockname()[1]}", "token")
        with pytest.raises(TimeoutError, match="GET /x"), wire.recorded("silent", 1):
            wire.ask("GET", "/x")
    (told,) = map(json.loads, figures.read_text().splitlines())
    assert (told["requests"], told["failed"], told["done"]) == (1, 1, 0)


@pytest.mark.parametrize(("wanted", "sizes"), [(300, [100]), (3001, [1001]), (9001, [2000, 1001])])
def test_a_third_each_is_drawn_in_batches_and_no_request_is_lost(monkeypatch, wanted, sizes):
    monkeypatch.setattr(fuzzing, "REQUESTS", wanted)
    found = fuzzing.batches()
    assert [drawn.max_examples for _, drawn in found] == sizes
    assert len({seed for seed, _ in found}) == len(sizes)
