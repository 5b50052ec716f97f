"""A container's variables, from where Kubernetes' own end-to-end tests take them."""

from __future__ import annotations

import base64

import pytest

SECRET = {"token": base64.b64encode(b"hush").decode()}


def env(name, **source):
    return {"name": name, "valueFrom": source}


def play_env(play, env_=(), env_from=(), **more):
    """Run `env` in a Pod, and return the variables that it says."""
    found = {}

    async def scenario(cluster):
        cluster.hold("ConfigMap", "cm", data={"data_1": "value-1", "DATA_2": "value-2"})
        cluster.hold("Secret", "s", data=SECRET)
        container = {"name": "c", "command": ["env"], "env": list(env_), "envFrom": list(env_from)}
        cluster.create(restartPolicy="Never", containers=[{**container, **more}])
        assert await cluster.ended() == "Succeeded"
        found.update(line.split("=", 1) for line in cluster.said())

    play(scenario)
    return found


def test_all_of_a_config_map_and_of_a_secret_with_prefixes(play):
    """ConfigMap should be consumable via the environment; Secrets … via the environment."""
    found = play_env(
        play,
        [{"name": "DATA_2", "value": "own"}],
        [
            {"configMapRef": {"name": "cm"}},
            {"prefix": "p-", "configMapRef": {"name": "cm"}},
            {"secretRef": {"name": "s"}},
            {"configMapRef": {"name": "absent", "optional": True}},
        ],
    )
    wanted = {"data_1": "value-1", "DATA_2": "own", "p-DATA_2": "value-2", "token": "hush"}
    assert wanted.items() <= found.items()


def test_single_keys_and_what_is_composed_of_them(play):
    """Variable Expansion should allow composing env vars into new env vars."""
    found = play_env(
        play,
        [
            env("A", configMapKeyRef={"name": "cm", "key": "data_1"}),
            env("B", secretKeyRef={"name": "s", "key": "token"}),
            env("C", configMapKeyRef={"name": "cm", "key": "absent", "optional": True}),
            {"name": "D", "value": "$(A);;$(B);;$(C)"},
        ],
    )
    assert (found["A"], found["B"], found["D"]) == ("value-1", "hush", "value-1;;hush;;$(C)")
    assert "C" not in found


def test_resources_are_numbers_rounded_up_by_their_divisor(play):
    """Downward API should provide container's limits.cpu/memory and requests.cpu/memory."""
    names = ("limits.cpu", "limits.memory", "requests.cpu", "requests.memory")
    found = play_env(
        play,
        [
            *(env(name, resourceFieldRef={"resource": name}) for name in names),
            env("MI", resourceFieldRef={"resource": "limits.memory", "divisor": "1Mi"}),
        ],
        resources={
            "limits": {"cpu": "1250m", "memory": "64Mi"},
            "requests": {"cpu": "250m", "memory": "32Mi"},
        },
    )
    assert [found[name] for name in names] == ["2", "67108864", "1", "33554432"]
    assert found["MI"] == "64"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"configMapKeyRef": {"name": "later", "key": "k"}}, 'configmap "later" not found'),
        ({"secretKeyRef": {"name": "later", "key": "k"}}, 'secret "later" not found'),
        (
            {"configMapKeyRef": {"name": "cm", "key": "k"}},
            "couldn't find key k in ConfigMap default/cm",
        ),
        (
            {"secretKeyRef": {"name": "s", "key": "k"}},
            "couldn't find key k in Secret default/s",
        ),
    ],
)
def test_a_missing_one_is_the_reason_why_the_container_waits(play, source, why):
    async def scenario(cluster):
        cluster.hold("ConfigMap", "cm", data={})
        cluster.hold("Secret", "s", data={})
        wanted = [{"name": "c", "command": ["env"], "env": [env("K", **source)]}]
        cluster.create(restartPolicy="Never", containers=wanted)
        await cluster.until(lambda: cluster.waiting() == "CreateContainerConfigError")
        assert cluster.container()["state"]["waiting"]["message"] == why
        assert cluster.events("Failed") == [f"Error: {why}"]
        assert not cluster.events("Created")
        for name in ("cm", "later"):
            cluster.hold("ConfigMap", name, data={"k": "v"})
        for name in ("s", "later"):
            cluster.hold("Secret", name, data={"k": base64.b64encode(b"v").decode()})
        assert await cluster.ended() == "Succeeded"
        assert "K=v" in cluster.said()

    play(scenario)
