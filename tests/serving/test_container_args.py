import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.serving.container_args import connections_of, loader_config, option
from warmbook.serving.manifest import deployment


def container(*args, **env):
    return {"args": list(args), "env": [{"name": k, "value": v} for k, v in env.items()]}


def config(concurrency):
    return f'--model-loader-extra-config={{"concurrency":{concurrency}}}'


CONCURRENCY = "RUNAI_STREAMER_CONCURRENCY"
OBJECTS = "RUNAI_STREAMER_OBJ_CONCURRENCY"
PER_CLIENT = "RUNAI_STREAMER_S3_MAX_CONNECTIONS"


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (container(), 32),
        (container(config(64)), 64),
        (container("--model-loader-extra-config", '{"concurrency": 64}'), 64),
        (container(config(64), **{CONCURRENCY: "128"}), 64),
        (container(**{CONCURRENCY: "64", OBJECTS: "100"}), 100),
        (container(**{PER_CLIENT: "2"}), 16),
        (container(config(4), **{PER_CLIENT: "2"}), 8),
        (container(config(9999)), 1024),
        # what the streamer can't read counts as not said
        (container(config('"many"'), **{CONCURRENCY: "-1", PER_CLIENT: "0"}), 32),
        (container("--model-loader-extra-config=[]"), 32),
        ({"env": [{"name": CONCURRENCY, "valueFrom": {}}]}, 32),
    ],
)
def test_connections_follow_arguments_and_variables_on_16_vcpus(found, count):
    assert connections_of(found, 16) == count


@pytest.mark.parametrize(("concurrency", "count"), [(0, 32), (32, 32), (64, 64)])
def test_the_workbooks_own_manifest_is_read(settings, concurrency, count):
    manifest = deployment(settings.model_copy(update={"concurrency": concurrency}))
    (made,) = manifest["spec"]["template"]["spec"]["containers"]
    assert connections_of(made, 16) == count


def test_an_option_is_read_in_both_of_its_forms_and_its_end_is_no_value():
    assert option(container("--a=1"), "--a") == option(container("--a", "1"), "--a") == "1"
    assert option(container("--a"), "--a") == option(container("--ab=1"), "--a") == ""
    assert loader_config(container("--model-loader-extra-config={")) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([CONCURRENCY, OBJECTS, PER_CLIENT])
VARIABLES = st.lists(st.fixed_dictionaries({"name": NAMES, "value": ANYTHING}), max_size=3)


@given(st.fixed_dictionaries({"args": ANYTHING, "env": ANYTHING | VARIABLES}))
def test_any_arguments_give_at_least_one_connection(found):
    assert connections_of(found, 4) >= 1
