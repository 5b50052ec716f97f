import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook import texts
from warmbook.cloud.rehearsal import (
    ADDRESSES,
    TOKEN,
    VARIABLE,
    Network,
    Servers,
    confirm,
    is_loopback,
    servers,
    shaped,
)
from warmbook.display.banner import ShownClients, connect
from warmbook.errors import SettingsError, UnreachableError

AT = "http://127.0.0.1:1"
WHOLE = {**dict.fromkeys(ADDRESSES.values(), AT), ADDRESSES["caches"]: "127.0.0.1:1", TOKEN: "t"}
"""A rehearsal's environment, as far as it says where the rehearsal is."""

TOLD = '{"latency_ms": 30, "stream_mib_s": 135.0, "nic_gbps": 0, "jitter": 0.1}'


def test_the_label_has_the_figures_and_leaves_out_what_is_not_shaped():
    assert shaped({VARIABLE: TOLD}) == Network(latency_ms=30, stream_mib_s=135, jitter=0.1)
    told = shaped({VARIABLE: TOLD}).label
    assert "shaped: 30 ms to the first byte, 135 MiB/s per stream, jitter 0.1." in told
    assert "Gbps" not in told
    assert told.endswith("Its rates say nothing about Cloud Storage.")


def test_the_label_is_in_the_readers_language():
    texts.speak("es")
    network = Network(latency_ms=30, stream_mib_s=135, nic_gbps=12.5, jitter=0.1)
    assert network.label == (
        "La red del ensayo está limitada: 30 ms hasta el primer byte, 135 MiB/s por flujo, "
        "12.5 Gbps por máquina, fluctuación de 0.1. "
        "Sus velocidades no dicen nada sobre Cloud Storage."
    )


def test_an_unshaped_network_has_no_label():
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
def test_a_damaged_figure_keeps_the_label_of_a_shaped_network(told):
    assert shaped({VARIABLE: told}) == Network()
    assert "is shaped: its values can't be read." in shaped({VARIABLE: told}).label


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
names = st.sampled_from([*Network.model_fields, "more"])


@pytest.mark.slow
@given(st.text(min_size=1) | st.dictionaries(names, json_values).map(json.dumps))
def test_any_figures_are_labelled_and_recorded(told):
    network = shaped({VARIABLE: told})
    assert network is not None
    assert network.figures
    assert json.loads(json.dumps(network.model_dump(), allow_nan=False)) == network.model_dump()


def test_only_a_rehearsal_is_shaped(settings):
    environ = {VARIABLE: TOLD, **WHOLE}
    told = repr(ShownClients(settings.project_id, settings, environ))
    assert told == (
        "Rehearsal: nothing leaves this machine; its network is shaped: "
        "30 ms to the first byte, 135 MiB/s per stream, jitter 0.1"
    )
    environ = {VARIABLE: TOLD}
    assert connect(settings, environ).network is None
    assert "shaped" not in repr(connect(settings, environ))


# what a rehearsal's environment consists of


def without(*names):
    return {name: value for name, value in WHOLE.items() if name not in names}


def test_without_any_of_the_variables_it_is_google_cloud():
    assert servers({}) is None
    assert servers(dict.fromkeys(WHOLE, "")) is None
    assert servers({"HF_ENDPOINT": "http://127.0.0.1:1"}) is None  # a mirror may be here


def test_a_whole_environment_names_every_server():
    found = servers(WHOLE)
    assert found == Servers(google=AT, storage=AT, caches="127.0.0.1:1", hub=AT, desk=AT, token="t")
    assert "'t'" not in repr(found)


@pytest.mark.parametrize("name", WHOLE)
def test_a_variable_that_is_missing_is_named(name):
    with pytest.raises(SettingsError) as refused:
        servers(without(name))
    assert f"Not set: {name}." in refused.value.what
    assert refused.value.remedy


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "HF_ENDPOINT"])
def test_a_variable_that_is_left_over_is_named_with_what_removes_it(name):
    with pytest.raises(SettingsError) as refused:
        servers({name: WHOLE[name]})
    assert f"Set: {name}." in refused.value.what
    assert f"unset {name}`" in refused.value.remedy


def test_another_storage_emulator_does_not_count_as_google_cloud():
    with pytest.raises(SettingsError, match="STORAGE_EMULATOR_HOST"):
        servers({"STORAGE_EMULATOR_HOST": "http://gcs:4443"})
    with pytest.raises(SettingsError, match="API_ENDPOINT_OVERRIDE"):
        servers({"API_ENDPOINT_OVERRIDE": "http://localhost:4443"})
    assert servers({"API_ENDPOINT_OVERRIDE": "https://storage-me.p.googleapis.com"}) is None


@pytest.mark.parametrize("name", [*ADDRESSES.values()])
@pytest.mark.parametrize("address", ["https://example.com", "http://10.0.0.1:1", "http://[bad"])
def test_a_server_on_another_machine_is_no_rehearsals(name, address):
    with pytest.raises(SettingsError) as refused:
        servers({**WHOLE, name: address})
    assert f"{name}={address}" in refused.value.what


@pytest.mark.parametrize(
    ("at", "here"),
    [
        ("http://127.0.0.1:8080", True),
        ("127.9.8.7:1", True),
        ("http://localhost:1/", True),
        ("http://[::1]:1", True),
        ("", False),
        ("https://storage.googleapis.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", False),
    ],
)
def test_only_loopback_addresses_count_as_this_machine(at, here):
    assert is_loopback(at) is here


# what the rehearsal itself says


@pytest.fixture
def another(rehearsal, image_and_model):
    """The environment of a second rehearsal beside the first."""
    with type(rehearsal)(*image_and_model) as second:
        yield second.environ


def test_a_rehearsal_that_is_up_confirms_its_own_environment(rehearsal):
    confirm(servers(rehearsal.environ))


@pytest.mark.parametrize("name", [*(n for n in WHOLE if n != "HF_ENDPOINT")])
def test_a_variable_of_another_rehearsal_is_refused(rehearsal, another, name, settings):
    mixed = {**rehearsal.environ, name: another[name]}
    with pytest.raises(SettingsError) as refused:
        connect(settings, mixed)
    assert name in refused.value.what
    assert rehearsal.inner.token not in str(refused.value)


def test_a_new_sign_in_is_the_same_rehearsals(rehearsal):
    rehearsal.call(lambda: setattr(rehearsal.inner.callers, "token", "anew"))
    confirm(servers(rehearsal.environ))
    confirm(servers({**rehearsal.environ, "WARMBOOK_REHEARSAL_TOKEN": "anew"}))


def test_a_rehearsal_that_has_stopped_is_refused_before_any_call(rehearsal, settings):
    rehearsal.stop()
    with pytest.raises(UnreachableError, match="rehearsal has stopped") as refused:
        connect(settings, rehearsal.environ)
    assert refused.value.pitfall == "unreachable"


def test_another_program_at_its_port_is_no_rehearsal(rehearsal, settings):
    elsewhere = {"WARMBOOK_REHEARSAL_FAULTS": rehearsal.environ["HF_ENDPOINT"]}
    with pytest.raises(UnreachableError):
        connect(settings, {**rehearsal.environ, **elsewhere})


def test_requests_to_the_rehearsal_bypass_the_proxy(rehearsal, settings, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert connect(settings, rehearsal.environ).target == "rehearsal"
