"""Files of ConfigMaps, where a container finds them."""

import json
import time

import pytest

from warmbook.serving.lint import examine
from warmbook.serving.lint.mounted import ConfigMaps, File, files_of

MAPS = {"m": {"a.sh": "A", "b.sh": "B", "n": 5}}
ALL = {"configMap": {"name": "m"}}


@pytest.mark.parametrize(
    ("volume", "mount", "wanted"),
    [
        (ALL, {}, {"/s/a.sh": File("A", 0o644), "/s/b.sh": File("B", 0o644)}),
        (ALL, {"subPath": "a.sh", "mountPath": "/s/go"}, {"/s/go": File("A", 0o644)}),
        (
            {
                "configMap": {
                    "name": "m",
                    "defaultMode": 0o555,
                    "items": [{"key": "a.sh", "path": "bin/x"}, {"key": "gone", "path": "y"}],
                }
            },
            {},
            {"/s/bin/x": File("A", 0o555)},
        ),
        (
            {
                "projected": {
                    "sources": [
                        {
                            "configMap": {
                                "name": "m",
                                "items": [{"key": "b.sh", "path": "bin/x", "mode": 0o700}],
                            }
                        },
                        {"secret": {"name": "m"}},
                    ]
                }
            },
            {"subPath": "bin"},
            {"/s/x": File("B", 0o700)},
        ),
        ({"configMap": {"name": "other"}}, {}, {}),
        ({"configMap": "m"}, {}, {}),
        ({"emptyDir": {}}, {}, {}),
    ],
)
def test_files_are_where_kubernetes_puts_them(volume, mount, wanted):
    spec = {"volumes": [{"name": "v", **volume}]}
    container = {"volumeMounts": [{"name": "v", "mountPath": "/s", **mount}]}
    assert files_of(spec, container, ConfigMaps(MAPS)) == wanted


def test_a_large_script_of_thousands_of_containers_is_read_in_time():
    script = "A=$A$B; vllm serve $A;\n" * 2000
    maps = {"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a.sh": script}}
    one = {
        "image": "vllm/vllm-openai:v0.32.0",
        "command": ["bash", "/s/a.sh"],
        "volumeMounts": [{"name": "v", "mountPath": "/s"}],
    }
    spec = {"volumes": [{"name": "v", **ALL}], "containers": [one] * 1000}
    text = json.dumps(maps) + "\n---\n" + json.dumps({"kind": "Pod", "spec": spec})
    begun = time.process_time()
    report = examine(text, "x")
    assert time.process_time() - begun < 30
    assert len(report.skipped) > 900
