"""JSON as Go writes it, which clients that compare bytes or cut lines rely on."""

from __future__ import annotations

import json

import pytest
import requests

from warmbook_rehearsal.kubernetes import go_json


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": [1, "x"]}, '{"a":[1,"x"]}'),
        ("a<b>&c", r'"a\u003cb\u003e\u0026c"'),
        ("é\u2028", r'"é\u2028"'),
        ("\ud800", r'"\ufffd"'),
        ('"\\\n', r'"\"\\\n"'),
    ],
)
def test_a_value_is_written_as_go_writes_it(value, written):
    assert go_json.dumps(value) == written


def test_objects_lists_tables_and_watches_are_in_that_form(cluster, core, eventually):
    data = {"k": "a <&> b é"}
    core.create_namespaced_config_map("default", {"metadata": {"name": "m"}, "data": data})
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    base = f"{cluster.url}/api/v1/namespaces/default/configmaps"
    watch = {"watch": "true", "timeoutSeconds": "1"}
    for path, headers, params in (
        ("/m", {}, {}),
        ("", {}, {}),
        ("", table, {}),
        ("", {}, watch),
        ("/absent", {}, {}),
    ):
        signed = {"Authorization": f"Bearer {cluster.token}", **headers}
        body = requests.get(base + path, headers=signed, params=params, timeout=10).text
        assert body.endswith("}\n")
        for line in body.splitlines():
            assert line == go_json.dumps(json.loads(line))
