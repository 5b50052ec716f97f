"""Pod autoscaling: how many Pods a metric asks for, and what is told when nobody tells it."""

from __future__ import annotations

import asyncio
import math

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from warmbook_rehearsal.kubernetes import Store, scale_pods
from warmbook_rehearsal.kubernetes.controllers.pod_autoscaling import TOLERANCE, Advice, replicas
from warmbook_rehearsal.kubernetes.controllers.pod_metrics import gauge
from warmbook_rehearsal.kubernetes.objects import condition, set_condition
from warmbook_rehearsal.time_scale import TimeScale

METRIC = "prometheus.googleapis.com|vllm:num_requests_waiting|gauge"
PLACE = "default", "web"


@pytest.mark.parametrize(
    ("current", "values", "pods", "wanted"),
    [
        (1, [12], 1, 3),
        (2, [5, 5], 2, 2),
        (2, [5.4, 5], 2, 2),  # within the tolerance
        (1, [500], 1, 5),  # 4 more at once, not 99
        (4, [100] * 4, 4, 8),  # twice as many at once
        (3, [0, 0, 0], 3, 0),
        (2, [12], 2, 3),  # the new Pod counts as idle: (12 + 0) / 5
        (2, [6], 2, 2),  # with it there is no need for more
        (2, [1], 2, 2),  # it counts as busy as it may be: (1 + 5) / 5 is more than one
    ],
)
def test_the_number_of_pods_follows_the_metric(current, values, pods, wanted):
    assert replicas(current, values, pods, 5) == wanted


@given(
    st.integers(1, 50),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=50),
    st.integers(0, 60),
    st.floats(0.001, 1e6),
)
def test_the_number_is_bounded_and_never_goes_against_the_average(current, values, more, aim):
    wanted = replicas(current, values, len(values) + more, aim)
    assert 0 <= wanted <= max(2 * current, current + 4)
    ratio = sum(values) / len(values) / aim
    if abs(ratio - 1) <= TOLERANCE and not more:
        assert wanted == current


def test_fewer_are_only_taken_once_they_were_enough_for_the_whole_window():
    advice = Advice()
    assert advice.steady(4, 300, 0) == 4
    assert advice.steady(1, 300, 10) == 4
    assert advice.steady(2, 300, 299) == 4
    assert advice.steady(1, 300, 301) == 2
    assert advice.steady(1, 300, 700) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('vllm:num_requests_waiting{engine="0",model_name="a b"} 3.0\n', 3.0),
        ("vllm:num_requests_waiting 2", 2.0),
        ('vllm:num_requests_waiting{e="0"} 1.0\nvllm:num_requests_waiting{e="1"} 1e1\n', 11.0),
        ("vllm:num_requests_waiting_by_reason 9\n# vllm:num_requests_waiting 9\n", None),
        ("vllm:num_requests_waiting NaN\n", None),
        ("vllm:num_requests_waiting +Inf\n", None),
        ("vllm:num_requests_waiting{ 5\n", None),
        ("", None),
    ],
)
def test_a_gauge_is_the_sum_of_its_samples(text, found):
    assert gauge(text, "vllm:num_requests_waiting") == found


@given(st.text(max_size=200) | st.from_regex(r" [-+.0-9eEINnaf_]{1,9}"))
def test_no_text_of_a_pod_breaks_it(text):
    found = gauge(f"vllm:num_requests_waiting{text}", "vllm:num_requests_waiting")
    assert found is None or math.isfinite(found)


class World:
    """A Deployment with one Pod that answers /metrics, and its autoscaler."""

    def __init__(self, *, watched: bool = True, most: int = 3) -> None:
        self.store, self.queue = Store(), 0.0
        labels = {"app": "web"}
        container = {"name": "main", "image": "web:1", "ports": [{"containerPort": 1}]}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        self.meta = {"namespace": "default", "name": "web"}
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        self.store.create("Deployment", {"metadata": dict(self.meta), "spec": spec})
        pod = {"metadata": {**self.meta, "labels": labels}, "spec": template["spec"]}
        self.store.create("Pod", pod)
        target = {"type": "AverageValue", "averageValue": "5"}
        pods = {"metric": {"name": METRIC}, "target": target}
        self.store.create(
            "HorizontalPodAutoscaler",
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": dict(self.meta),
                "spec": {
                    "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                    "minReplicas": 1,
                    "maxReplicas": most,
                    "metrics": [{"type": "Pods", "pods": pods}],
                },
            },
        )
        self.watched = watched

    def replicas(self, count=None):
        if count is not None:
            self.store.update(
                "Deployment", *PLACE, lambda new: new["spec"].update(replicas=count), manager="me"
            )
        return self.store.get("Deployment", *PLACE)["spec"]["replicas"]

    def condition(self, name):
        return condition(self.store.get("HorizontalPodAutoscaler", *PLACE), name) or {}

    def run(self, act):
        """Serve the Pod's metrics and the autoscaler while `act` runs."""

        async def carry_out():
            async def metrics(_):
                return web.Response(text=f"vllm:num_requests_waiting {self.queue}\n")

            app = web.Application()
            app.router.add_get("/metrics", metrics)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = site._server.sockets[0].getsockname()[1]
            self._ready()
            if self.watched:
                selector = {"matchLabels": {"app": "web"}}
                endpoint = {"port": port, "path": "/metrics"}
                spec = {"selector": selector, "endpoints": [endpoint]}
                self.store.create("PodMonitoring", {"metadata": dict(self.meta), "spec": spec})
            scaling = asyncio.create_task(scale_pods(self.store, TimeScale(0.01)))
            try:
                await act()
            finally:
                scaling.cancel()
                await runner.cleanup()

        asyncio.run(carry_out())

    def _ready(self):
        def change(new):
            new.setdefault("status", {})["podIP"] = "127.0.0.1"
            set_condition(new, "Ready", "True")

        self.store.update("Pod", *PLACE, change, manager="me", subresource="status")


async def until(seen):
    for _ in range(100):
        if seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_long_queue_scales_to_the_limit_and_reports_it():
    world = World(most=3)

    async def act():
        await until(lambda: world.condition("ScalingActive").get("status") == "True")
        assert world.replicas() == 1
        world.queue = 40.0
        await until(lambda: world.replicas() == 3)
        assert world.condition("ScalingLimited")["reason"] == "TooManyReplicas"
        status = world.store.get("HorizontalPodAutoscaler", *PLACE)["status"]
        assert status["currentMetrics"][0]["pods"]["current"] == {"averageValue": "40"}

    world.run(act)


def test_without_a_pod_monitoring_there_is_no_metric():
    world = World(watched=False)
    world.queue = 40.0

    async def act():
        await until(lambda: world.condition("ScalingActive").get("status") == "False")
        assert world.condition("ScalingActive")["reason"] == "FailedGetPodsMetric"
        assert world.replicas() == 1

    world.run(act)


def test_with_no_replicas_autoscaling_is_disabled():
    world = World()
    world.queue = 40.0
    world.replicas(0)

    async def act():
        await until(lambda: world.condition("ScalingActive").get("reason") == "ScalingDisabled")
        assert world.replicas() == 0

    world.run(act)
