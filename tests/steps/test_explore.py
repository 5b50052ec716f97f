import pytest

from warmbook.cloud import rehearsal
from warmbook.model.gpus import GIB
from warmbook.steps import explore

LOAD = {"pod": "a", "bytes": GIB, "seconds": 2.5, "gib_s": 0.4, "source": "streamer"}
MEASURED = {"stream": {"loads": [LOAD]}}


def explored(settings, measured=None, **chosen):
    settings = settings.model_copy(update=chosen)
    return explore.cold_start(settings, weight_bytes=15 * GIB, measured=measured or {})


def test_it_begins_at_the_settings_and_the_models_own_values(settings):
    one = explored(settings, concurrency=64, replicas=3).assumed
    assert (one.weights_gib, one.gpus, one.nic_gbps, one.streams) == (15, 1, 32, 64)
    assert (one.replicas, one.region_gbps, one.latency_ms, one.cache) == (3, 200, 0, False)


def test_a_machine_without_figures_is_taken_for_the_guides(settings):
    assert explored(settings, gpu="nvidia-new", gpu_count=3).assumed.nic_gbps == 32


@pytest.mark.parametrize("measured", [{}, MEASURED], ids=["nothing", "a load"])
@pytest.mark.parametrize("url", ["", "http://127.0.0.1:1"])
def test_measurements_of_a_rehearsal_are_labelled(settings, monkeypatch, measured, url):
    monkeypatch.setenv(rehearsal.URL, url)
    bars = explored(settings, measured).bars
    assert bars.own.loads == ((GIB, 2.5),) * bool(measured)
    assert ("rehearsal" in bars.page) == bool(url and measured)
