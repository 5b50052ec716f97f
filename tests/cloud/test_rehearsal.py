import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook import texts
from warmbook.cloud.rehearsal import VARIABLE, Network, shaped
from warmbook.display.banner import connect

TOLD = '{"latency_ms": 30, "stream_mib_s": 135.0, "nic_gbps": 0, "jitter": 0.1}'


def test_the_figures_are_told_and_what_is_not_shaped_is_left_out():
    assert shaped({VARIABLE: TOLD}) == Network(latency_ms=30, stream_mib_s=135, jitter=0.1)
    told = shaped({VARIABLE: TOLD}).label
    assert "shaped: 30 ms to the first byte, 135 MiB/s per stream, jitter 0.1." in told
    assert "Gbps" not in told
    assert told.endswith("No rate of it is Cloud Storage's.")


def test_the_label_is_spoken_in_the_readers_language():
    texts.speak("es")
    network = Network(latency_ms=30, stream_mib_s=135, nic_gbps=12.5, jitter=0.1)
    assert network.label == (
        "La red del ensayo está limitada: 30 ms hasta el primer byte, 135 MiB/s por conexión, "
        "12.5 Gbps por máquina, fluctuación de 0.1. "
        "Ninguna de sus velocidades es la de Cloud Storage."
    )


def test_a_network_that_nobody_shaped_has_no_label():
    assert shaped({}) is None
    assert shaped({VARIABLE: ""}) is None


DAMAGED = (
    "{",
    "null",
    "30",
    "[]",
    "yes",
    '{"latency_ms": "fast"}',
    '{"latency_ms": -1}',
    '{"stream_mib_s": NaN}',
    '{"nic_gbps": 1e999}',
    '{"jitter": null}',
    "[" * 100_000,
)


@pytest.mark.parametrize("told", DAMAGED, ids=lambda told: told[:24])
def test_a_damaged_figure_still_says_that_the_network_is_shaped(told):
    assert shaped({VARIABLE: told}) == Network()
    assert "is shaped: its figures can't be read." in shaped({VARIABLE: told}).label


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
names = st.sampled_from([*Network.model_fields, "more"])


@pytest.mark.slow
@given(st.text(min_size=1) | st.dictionaries(names, json_values).map(json.dumps))
def test_whatever_is_told_it_is_labelled_and_recorded(told):
    network = shaped({VARIABLE: told})
    assert network is not None
    assert network.figures
    assert json.loads(json.dumps(network.model_dump(), allow_nan=False)) == network.model_dump()


def test_only_a_rehearsal_is_shaped(settings):
    environ = {VARIABLE: TOLD, "WARMBOOK_REHEARSAL_URL": "http://127.0.0.1:1"}
    told = repr(connect(settings, environ))
    assert told == (
        "Rehearsal: nothing leaves this machine; its network is shaped: "
        "30 ms to the first byte, 135 MiB/s per stream, jitter 0.1"
    )
    del environ["WARMBOOK_REHEARSAL_URL"]
    assert connect(settings, environ).network is None
    assert "shaped" not in repr(connect(settings, environ))
