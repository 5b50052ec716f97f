from datetime import datetime, timezone

import pytest

from warmbook.errors import AccessError, ResourceFailedError
from warmbook.pods import PATIENCE, Pod, diagnosis, moment

FORBIDDEN = (
    "google.api_core.exceptions.Forbidden: 403 GET http://127.0.0.1/storage/v1/b/bucket: "
    "vllm-streamer does not have storage.buckets.get access to the Google Cloud Storage bucket. "
    "Permission 'storage.buckets.get' denied on resource (or it may not exist)."
)


def condition(name, since):
    return {"type": name, "status": "True", "lastTransitionTime": since}


def pod(**changes):
    found = {
        "metadata": {"name": "p", "creationTimestamp": "2026-11-23T10:00:00Z"},
        "spec": {"nodeName": "n"},
        "status": {
            "phase": "Running",
            "conditions": [
                {
                    "type": "PodScheduled",
                    "status": "True",
                    "lastTransitionTime": "2026-11-23T10:00:05Z",
                },
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T10:01:00Z"},
            ],
            "containerStatuses": [
                {"restartCount": 2, "state": {"running": {"startedAt": "2026-11-23T10:00:09Z"}}}
            ],
            **changes,
        },
    }
    return Pod.of(found)


def test_a_pod_is_read_with_its_moments():
    found = pod()
    assert (found.running, found.ready, found.restarts, found.node) == (True, True, 2, "n")
    assert (found.scheduled - found.created).total_seconds() == 5
    assert (found.became_ready - found.started).total_seconds() == 51


@pytest.mark.parametrize("status", [{}, {"conditions": []}, {"containerStatuses": []}])
def test_a_pod_that_has_just_begun_is_read_too(status):
    found = pod(**{"conditions": [], "containerStatuses": [], **status})
    assert (found.running, found.ready, found.restarts) == (False, False, 0)
    assert found.became_ready is None


def test_times_are_read_with_and_without_fractions():
    assert moment("2026-11-23T10:00:00Z") == datetime(2026, 11, 23, 10, tzinfo=timezone.utc)
    assert moment("2026-11-23T10:00:00.250Z").microsecond == 250_000


@pytest.mark.parametrize(
    ("log", "kind", "words"),
    [
        (FORBIDDEN, AccessError, "lacks storage.buckets.get"),
        (
            "api_server.py: error: unrecognized arguments: --disable-log-requests",
            ResourceFailedError,
            "does not know --disable-log-requests",
        ),
        (
            "RuntimeError: Cannot find any safetensors model weights with `gs://b/m`",
            ResourceFailedError,
            "finds no safetensors files",
        ),
        (
            "Could not detect config format for no config file found.",
            ResourceFailedError,
            "finds no config.json",
        ),
        (
            "Could not receive response from libstreamer due to: b'File access error'",
            ResourceFailedError,
            "storage.objects.get may be missing",
        ),
    ],
)
def test_a_log_is_diagnosed_by_name(settings, log, kind, words):
    found = diagnosis(f"noise\n{log}\nnoise", pod(), settings)
    assert isinstance(found, kind)
    assert words in found.what
    assert found.remedy


def test_an_unknown_end_gets_a_few_restarts_and_then_its_last_line(settings):
    assert diagnosis("Segmentation fault", pod(), settings) is None
    often = pod(containerStatuses=[{"restartCount": PATIENCE, "state": {}}])
    assert "Segmentation fault" in diagnosis("Segmentation fault\n", often, settings).what
