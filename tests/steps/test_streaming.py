import pytest

from warmbook.errors import MissingError
from warmbook.steps import streaming


@pytest.mark.guide("G24 G25 G26")
def test_the_stream_is_measured_against_the_bucket(chosen, clients, up_to):
    up_to("streaming")
    stream = streaming.measure(chosen, clients)
    assert stream.whole
    assert stream.expected_bytes == 15_000
    (load,) = stream.loads
    assert load.source == "streamer"
    assert load.record()["bytes"] == 15_000


def test_the_cold_start_is_told_in_parts_and_drawn(chosen, clients, up_to):
    up_to("streaming")
    start = streaming.cold_start(chosen, clients)
    assert [phase.name for phase in start.phases] == ["node", "image", "weights", "engine"]
    assert all(phase.elapsed_s >= 0 for phase in start.phases)
    assert start.plot()._repr_png_().startswith(b"\x89PNG")


def test_the_model_is_asked_through_the_clusters_api(chosen, clients, up_to):
    up_to("streaming")
    answer = streaming.ask(chosen, clients, question="What is the capital of France?")
    assert (answer.text, answer.declined) == ("Paris.", "")
    assert answer.model == chosen.model_uri


def test_the_pod_tells_its_versions(chosen, clients, up_to):
    up_to("streaming")
    assert dict(streaming.versions(chosen, clients).packages)["vllm"] == "0.0.0"


def test_without_a_deployment_the_notebook_that_makes_it_is_named(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="no Deployment") as missing:
        streaming.wait_available(chosen, clients)
    assert "06" in missing.value.remedy


def test_before_a_pod_is_ready_nothing_is_asked(chosen, clients, up_to):
    up_to("identity")
    with pytest.raises(MissingError, match="No Pod of the server is ready"):
        streaming.ask(chosen, clients, question="?")
