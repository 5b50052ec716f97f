import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.measure.coldstart import cluster_phases
from warmbook.measure.coldstart.startlog import read
from warmbook.measure.coldstart.timeline import ORDER, SINCE, UNEXPLAINED, timeline, witness
from warmbook.model.gpus import GIB, machine, measured, price
from warmbook.model.load_estimate import connections

CREATED = datetime(2026, 11, 23, 10, 0, 0, tzinfo=timezone.utc)
REHEARSED = Path(__file__).parents[2] / "golden" / "startlogs" / "vllm-0.32.0-streamer-0.17.0.log"
WEIGHTS = round(15.0 * GIB)


def at(seconds):
    return (CREATED + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(*, started=152, ready=300, restarts=0):
    return {
        "metadata": {"name": "one", "creationTimestamp": at(0)},
        "spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]},
        "status": {
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(90)},
                {"type": "Ready", "status": "True", "lastTransitionTime": at(ready)},
            ],
            "containerStatuses": [
                {"restartCount": restarts, "state": {"running": {"startedAt": at(started)}}}
            ],
        },
    }


def event(reason, seconds, message=""):
    about = {"name": "one"}
    return {"reason": reason, "message": message, "firstTimestamp": at(seconds)} | {
        "involvedObject": about
    }


EVENTS = [
    event("Started", 152),
    event("TriggeredScaleUp", 5),
    event("Pulling", 92),
    event("Pulled", 151, 'Successfully pulled image "x" in 59.2s (59.2s including waiting)'),
    event("Unhealthy", 200),
    {**event("Pulled", 1), "involvedObject": {"name": "another"}},
]


def node(*, ready, created=None):
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": at(ready)}
    since = {} if created is None else {"metadata": {"creationTimestamp": at(created)}}
    return {**since, "status": {"conditions": [condition]}}


NODE = node(ready=70)
SIGNS = {
    192: "(APIServer pid=1) INFO 11-23 10:03:12 [u.py:1] non-default args: {}",
    194: "(APIServer pid=1) INFO 11-23 10:03:14 [m.py:1] Resolved architecture: Gemma",
    210: "(EngineCore pid=2) INFO 11-23 10:03:30 [g.py:1] Starting to load model /root/x...",
    225: "[RunAI Streamer] Overall time to stream 15.0 GiB of all files to cpu: 13.4s, 1.1 GiB/s",
    227: "INFO 11-23 10:03:47 [g.py:1] Model loading took 15.0 GiB memory and 16.1 seconds",
    260: "INFO 11-23 10:04:20 [m.py:1] torch.compile takes 30.1 s in total",
    262: "INFO 11-23 10:04:22 [k.py:1] GPU KV cache size: 1,000 tokens",
    290: "INFO 11-23 10:04:50 [g.py:1] Graph capturing finished in 28 secs, took 0.45 GiB",
    291: "INFO 11-23 10:04:51 [c.py:1] init engine (profile, create kv cache, …) took 64 s",
    297: "INFO 11-23 10:04:57 [a.py:1] Starting vLLM API server on http://0.0.0.0:8000",
    298: "INFO:     Application startup complete.",
}


def log(signs=SIGNS, *, ahead=0, stamps=True):
    def line(seconds, text):
        moment = CREATED + timedelta(seconds=seconds + ahead)
        return f"{moment:%Y-%m-%dT%H:%M:%S.5Z} {text}\n" if stamps else f"{text}\n"

    return read((line(seconds, text) for seconds, text in signs.items()), CREATED)


def lengths(drawn):
    return {phase.name: round(phase.elapsed_s, 1) for phase in drawn.phases}


def test_every_second_of_a_cold_start_has_its_phase_and_its_source():
    drawn = timeline(pod(), EVENTS, NODE, log(), expected_bytes=WEIGHTS)
    assert lengths(drawn) == {
        "node asked for": 5,
        "node ready": 65,
        "driver": 20,
        "Pod set-up": 2,
        "image pull": 59,
        "container start": 1,
        "vLLM imports": 40.5,
        "small files": 2,
        "engine start": 17.6,
        "weights streamed": 13.4,
        "other loading": 2,
        "compile": 33,
        "KV cache": 2,
        "graph capture": 28,
        "warm-up": 1,
        "server up": 7,
        "ready": 1.5,
    }
    assert (drawn.total_s, drawn.unexplained, drawn.missing) == (300, 0, ())
    sources = {phase.name: phase.source for phase in drawn.phases}
    assert sources["image pull"] == sources["node asked for"] == "event"
    assert sources["weights streamed"] == "streamer"
    assert sources["compile"] == "vLLM"
    assert sources["ready"] == "Kubernetes"


def test_time_without_a_signal_is_unexplained_unless_a_line_states_it():
    rotated = {s: text for s, text in SIGNS.items() if s >= 227}
    drawn = timeline(pod(), EVENTS, NODE, log(rotated), expected_bytes=WEIGHTS)
    found = lengths(drawn)
    # vLLM tells 16.1 s of loading, up to second 227.5; the container started at 152
    assert found[UNEXPLAINED] == pytest.approx(227.5 - 16.1 - 152, abs=0.1)
    assert found["weights streamed"] == 16.1
    assert drawn.witness.source == "vLLM"
    assert drawn.witness.size_bytes == WEIGHTS
    assert drawn.missing == ("vLLM imports", "small files", "engine start")
    assert drawn.unexplained == pytest.approx(found[UNEXPLAINED] / 300, abs=0.001)


def test_a_line_without_seconds_leaves_the_time_unexplained():
    later = {s: text for s, text in SIGNS.items() if s >= 262}
    found = lengths(timeline(pod(), EVENTS, NODE, log(later), expected_bytes=WEIGHTS))
    assert found["KV cache"] == 0
    assert found[UNEXPLAINED] == 262.5 - 152


def test_without_a_log_all_after_the_containers_start_is_unexplained():
    drawn = timeline(pod(), EVENTS, NODE)
    assert lengths(drawn)[UNEXPLAINED] == 148
    assert "weights streamed" in drawn.missing
    assert drawn.witness is None


def test_without_events_the_conditions_give_the_times():
    found = lengths(timeline(pod(), [], NODE, log()))
    assert found["container start"] == 62
    assert "image pull" in timeline(pod(), [], NODE, log()).missing


def test_a_node_that_was_there_costs_no_phase():
    found = lengths(timeline(pod(), EVENTS[2:], node(ready=-500), log()))
    assert found["scheduling"] == 90
    assert not {"node ready", "driver"} & found.keys()


def test_a_node_that_became_ready_again_was_ready_when_it_joined():
    found = lengths(timeline(pod(), EVENTS, node(ready=200, created=70), log()))
    assert (found["node ready"], found["driver"]) == (65, 20)


@pytest.mark.parametrize(("restarts", "lives"), [(0, 1), (2, 3), (None, 1)])
def test_lives_are_the_restarts_and_the_first_one(restarts, lives):
    assert timeline(pod(restarts=restarts), EVENTS, NODE, log()).lives == lives


@pytest.mark.parametrize(("started", "attempts"), [(180, 28), (152, None), (150, None)])
def test_earlier_attempts_end_where_the_container_runs_that_started_again(started, attempts):
    again = timeline(pod(started=started, restarts=1), EVENTS, NODE, log())
    assert lengths(again).get("earlier attempts") == attempts


def test_a_line_without_a_timestamp_ends_no_phase():
    """As lines are where the log was saved without times: the load is known, its end is not."""
    untimed = {227: "Model loading took 15.0 GiB memory and 16.1 seconds"}
    drawn = timeline(pod(), EVENTS, NODE, log(untimed, stamps=False), expected_bytes=WEIGHTS)
    assert (drawn.witness.source, drawn.witness.elapsed_s) == ("vLLM", 16.1)
    assert lengths(drawn)[UNEXPLAINED] == 148


def test_the_drivers_end_is_read_from_the_pod_that_installs_it():
    done = {"name": "nvidia-driver-installer", "state": {"terminated": {"finishedAt": at(85)}}}
    installer = {"status": {"initContainerStatuses": [done]}}
    found = lengths(timeline(pod(), EVENTS, NODE, log(), installer=installer))
    assert (found["driver"], found["scheduling"]) == (15, 5)


def test_a_container_that_started_again_shows_its_earlier_attempts():
    again = {seconds + 100: text for seconds, text in SIGNS.items()}
    drawn = timeline(pod(started=252, ready=400, restarts=2), EVENTS, NODE, log(again))
    assert lengths(drawn)["earlier attempts"] == 100
    assert drawn.lives == 3
    assert drawn.unexplained == 0


def test_a_log_that_begins_before_the_containers_last_start_is_moved():
    again = {seconds + 60: text for seconds, text in SIGNS.items() if seconds < 250}
    restarted = pod(started=260, ready=400, restarts=1)
    assert timeline(restarted, EVENTS, NODE, log(again)).shifted_s == 260 - 252.5


def test_a_load_that_failed_does_not_end_the_weights():
    error = "ValueError: Could not receive response from libstreamer due to: b'File access error'"
    drawn = timeline(
        pod(),
        EVENTS,
        NODE,
        log(dict(sorted({**SIGNS, 226: error}.items()))),
        expected_bytes=WEIGHTS,
    )
    (weights,) = [phase for phase in drawn.phases if phase.name == "weights streamed"]
    assert (drawn.witness.source, weights.end_s) == ("vLLM", 227.5)


@pytest.mark.parametrize(
    ("took", "seconds"),
    [
        ("59.2s", 59.2),
        ("1m2.5s", 62.5),
        ("2h3m4.5s", 7384.5),
        ("850ms", 0.85),
        ("1h850ms", 3600.85),
    ],
)
def test_an_images_pull_has_the_length_that_its_event_names(took, seconds):
    end = 10_000
    pulled = [event("Pulled", end, f'Successfully pulled image "x" in {took} (59.2s including)')]
    found = {cut.name: cut for cut in cluster_phases.cuts(pod(), pulled, None, None)}
    assert found["image pull"].seconds == pytest.approx(seconds)
    begun_s = (found["Pod set-up"].end - CREATED).total_seconds()
    assert begun_s == pytest.approx(end - seconds)


def test_an_image_that_was_there_has_no_pull_of_any_length():
    pulled = [event("Pulled", 151, 'Container image "x" already present on machine')]
    found = {cut.name: cut for cut in cluster_phases.cuts(pod(), pulled, None, None)}
    assert found["image pull"].seconds is None
    assert "Pod set-up" not in found


@pytest.mark.parametrize("ahead", [8 * 3600, -8 * 3600, 90])
def test_a_log_with_another_clock_is_shifted_and_marked(ahead):
    drawn = timeline(pod(), EVENTS, NODE, log(ahead=ahead), expected_bytes=WEIGHTS)
    assert drawn.shifted_s == pytest.approx(-ahead, abs=2)
    assert lengths(drawn)["weights streamed"] == 13.4
    assert drawn.unexplained == 0


@pytest.mark.parametrize(
    ("ahead", "shifted_s"),
    [
        (-41, 0),  # the log begins 0.5 s before the container: Kubernetes writes whole seconds
        (-43, 44.5),  # 2.5 s before it: moved to where the server is up as the Pod is ready
        (2, 0),  # the server is up 0.5 s after the Pod is ready
        (4, -2.5),
    ],
)
def test_whole_seconds_move_no_log(ahead, shifted_s):
    assert timeline(pod(), EVENTS, NODE, log(ahead=ahead)).shifted_s == shifted_s


@pytest.mark.parametrize(("ahead", "shifted_s"), [(-41, 0), (-43, 2.5), (4, 0)])
def test_a_log_that_has_only_begun_is_moved_to_the_containers_start(ahead, shifted_s):
    begun = {seconds: text for seconds, text in SIGNS.items() if seconds < 250}
    assert timeline(pod(), EVENTS, NODE, log(begun, ahead=ahead)).shifted_s == shifted_s


def test_vllms_own_timestamps_are_used_without_others():
    drawn = timeline(pod(), EVENTS, NODE, log(stamps=False), expected_bytes=WEIGHTS)
    found = lengths(drawn)
    assert found["vLLM imports"] == 40
    assert found["weights streamed"] == 13.4
    assert found["graph capture"] == 28
    assert drawn.unexplained == 0


def test_a_log_alone_is_enough_for_the_servers_part():
    drawn = timeline(log=log())
    assert list(lengths(drawn)) == [
        name
        for name in ORDER
        if 7 < ORDER[name] < ORDER["ready"] and name not in ("SGLang imports", "weights loaded")
    ]
    assert drawn.missing == ()
    assert timeline().phases == ()


def test_the_rehearsals_real_vllm_is_explained():
    text = REHEARSED.read_bytes()
    begun = datetime(2026, 11, 23, 20, 5, 49, tzinfo=timezone.utc)
    there = {"metadata": {"name": "one", "creationTimestamp": begun.isoformat()}}
    told = {"running": {"startedAt": "2026-11-23T20:05:51Z"}}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T20:06:39Z"}
    there["status"] = {"conditions": [ready], "containerStatuses": [{"state": told}]}
    drawn = timeline(there, log=read(text, begun), expected_bytes=269060552)
    assert drawn.unexplained < 0.1
    assert len(drawn.phases) >= 8
    assert drawn.witness.whole


def test_each_rank_is_listed_and_the_slowest_counts():
    line = "[RunAI Streamer] Overall time to stream 7.5 GiB of all files to cuda:0: {}s, 1.0 GiB/s"
    both = f"(Worker_TP0 pid=1) {line.format(12.0)}\n(Worker_TP1 pid=2) {line.format(13.5)}"
    found = witness(read(both), WEIGHTS)
    assert (found.size_bytes, found.elapsed_s, found.whole) == (WEIGHTS, 13.5, True)
    assert [rank for rank, _, _ in found.ranks] == [0, 1]
    assert "Worker_TP1" in found.line
    assert witness(read(both), 2 * WEIGHTS).whole is False


def test_a_line_without_a_duration_leaves_the_time_unexplained():
    drawn = timeline(pod(), EVENTS, NODE, log({s: SIGNS[s] for s in (262, 298)}))
    found = lengths(drawn)
    assert (found[UNEXPLAINED], found["KV cache"]) == (262.5 - 152, 0)


BAR = "Loading safetensors using Runai Model Streamer: {}% Completed | {}/4 [00:{}<00:00, 1it/s]"


def test_a_full_progress_bar_gives_the_load_of_the_weights():
    assert witness(read(BAR.format(50, 2, "07")), WEIGHTS) is None
    found = witness(read(BAR.format(100, 4, "14")), WEIGHTS)
    assert (found.source, found.size_bytes, found.elapsed_s) == ("vLLM", WEIGHTS, 14)


@pytest.mark.parametrize(
    ("seconds", "slowest"), [(("0.0", "0.5"), 0.5), (("0.5", "0.0"), 0.5), (("0.0",), 0)]
)
def test_with_times_of_vllm_alone_the_slowest_rank_counts(seconds, slowest):
    told = "\n".join(f"Model loading took 1.0 GiB and {one} seconds" for one in seconds)
    assert witness(read(told)).elapsed_s == slowest


def test_a_load_has_a_rate_in_gib():
    found = witness(read("Overall time to stream 3.0 GiB of all files to cpu: 4.0s, 0.7 GiB/s"))
    assert found.gib_s == 0.75


def test_a_load_of_zero_seconds_has_no_rate():
    found = witness(read("Overall time to stream 8.0 KiB of all files to cpu: 0.0s, 2.3 KiB/s"))
    assert (found.elapsed_s, found.gib_s) == (0, 0)
    assert found.efficiency(found.limits(machine("g2-standard-16"))) == 0


LOGS = REHEARSED.parent


@pytest.mark.parametrize(
    ("name", "size_bytes", "elapsed_s"),
    [
        ("streamer-0.15.0-two-ranks", 127_436_336, 1.3),
        ("streamer-0.15.9-two-ranks", 127_436_336, 2.51),
        # each rank counts what it delivers, the other's share too
        ("streamer-0.17.0-two-ranks", 127_436_336, 1.42),
        # one rank, told by two handlers
        ("streamer-0.17.0-told-twice", 127_436_336, 0.18),
    ],
)
def test_ranks_that_share_or_repeat_the_weights_bring_them_once(name, size_bytes, elapsed_s):
    found = witness(read((LOGS / f"{name}.log").read_bytes()), size_bytes)
    assert (found.size_bytes, found.elapsed_s, found.whole) == (size_bytes, elapsed_s, True)
    assert len(found.ranks) == (1 if "twice" in name else 2)
    assert witness(read((LOGS / f"{name}.log").read_bytes()), 3 * size_bytes).whole is False


def test_the_least_time_reproduces_what_google_measured():
    """The table of GoogleCloudPlatform/accelerated-platforms, vllm-with-runai-model-streamer.md,
    2026-10-01: the share of the network that each load used, and an earlier load of 2026-09-17.
    """
    told = {"a3-highgpu-1g": [1.01], "g4-standard-48": [0.91, 0.97, 0.74]}
    found = {name: [] for name in told}
    for load in measured():
        found[load.machine].append(share(load.weights_gib, load.seconds, load.machine))
    assert found == {name: pytest.approx(shares, abs=0.01) for name, shares in told.items()}
    assert share(58.99, 48.16, "a3-highgpu-1g") == pytest.approx(0.42, abs=0.01)


def test_the_guides_own_load_used_a_third_of_the_network():
    assert share(15.0, 13.4, "g2-standard-16") == pytest.approx(0.30, abs=0.01)


def share(gib, seconds, name):
    line = f"Overall time to stream {gib} GiB of all files: {seconds}s, 1.1 GiB/s"
    told = witness(read(line))
    # with the streamer's own number of connections, which hold none of these up
    limits = told.limits(machine(name), streams=connections(machine(name).vcpus))
    assert limits.binds == "nic"
    return told.efficiency(limits)


def test_six_replicas_on_fast_machines_meet_the_regions_quota():
    told = witness(read("Overall time to stream 65.53 GiB of all files: 14.0s, 4.7 GiB/s"))
    assert told.limits(machine("g4-standard-48"), replicas=6).binds == "region"


def test_each_rank_opens_connections_of_its_own():
    line = "Overall time to stream 7.5 GiB of all files to cpu: 20.0s, 0.4 GiB/s"
    both = witness(read(f"(Worker_TP0 pid=1) {line}\n(Worker_TP1 pid=2) {line}"))
    alone, g2 = witness(read(line.replace("7.5", "15.0"))), machine("g2-standard-24")
    seconds = both.limits(g2, streams=4).limits["streams"]
    assert alone.limits(g2, streams=4).limits["streams"] == pytest.approx(2 * seconds)
    assert alone.limits(g2, streams=4).binds == "streams"


def test_an_idle_gpu_costs_from_the_node_on():
    drawn = timeline(pod(), EVENTS, NODE, log())
    usd = price("g2-standard-16").on_demand_usd
    assert sum(phase.cost_usd(usd) for phase in drawn.phases) == pytest.approx(230 * usd / 3600)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
TIMES = st.integers(-(10**6), 10**6).map(at) | st.sampled_from(
    ["", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x", None]
)


@st.composite
def objects(draw):
    """Objects as Kubernetes has them, with anything in the places that are read."""
    whole = pod()
    for condition in whole["status"]["conditions"]:
        condition["lastTransitionTime"] = draw(TIMES)
    whole["metadata"]["creationTimestamp"] = draw(TIMES)
    whole["status"]["containerStatuses"][0] |= {"restartCount": draw(st.integers(0, 9) | JSON)}
    started = {"running": {"startedAt": draw(TIMES)}}
    whole["status"]["containerStatuses"][0]["state"] = draw(JSON | st.just(started))
    whole[draw(st.sampled_from(["metadata", "spec", "status", "x"]))] = draw(
        JSON | st.just(whole["status"])
    )
    reasons = st.sampled_from(["TriggeredScaleUp", "Pulling", "Pulled", "Started", "Scheduled"])
    took = st.sampled_from(["in 1m2.5s", "in 999999h", "in 9h9", ""])
    told = [
        {**event(draw(reasons), 0, draw(took)), "firstTimestamp": draw(TIMES | JSON)}
        for _ in range(draw(st.integers(0, 5)))
    ]
    return whole, told, draw(JSON | st.just(NODE))


SEEN = st.lists(st.tuples(st.integers(-500, 500), st.sampled_from(list(SIGNS.values()))))


@given(objects(), SEEN)
def test_phases_never_overlap_for_any_input(told, seen):
    whole, events, node = told
    node = node if isinstance(node, dict) else None
    drawn = timeline(whole, events, node, log(dict(seen)), installer=node)
    end = 0.0
    for phase in drawn.phases:
        assert phase.start_s == pytest.approx(end, abs=1e-6)
        assert phase.elapsed_s >= 0
        end = phase.end_s
    assert 0 <= drawn.unexplained <= 1
    names = [phase.name for phase in drawn.phases if phase.name != UNEXPLAINED]
    assert names == sorted(names, key=ORDER.__getitem__)


def test_64_replicas_with_long_logs_take_no_time():
    served = '2026-11-23T10:05:00.5Z INFO:     10.0.0.1:1 - "GET /metrics HTTP/1.1" 200 OK\n'
    start = "".join(f"{at(s)} {text}\n" for s, text in SIGNS.items())
    whole = start + served * (2 * 10**6 // len(served))
    begun = time.process_time()
    drawn = [
        timeline(pod(), EVENTS, NODE, read(whole, CREATED), expected_bytes=WEIGHTS)
        for _ in range(64)
    ]
    assert time.process_time() - begun < 3
    assert all(one.unexplained == 0 for one in drawn)


def test_every_phase_may_follow_one_that_comes_before_it():
    assert all(ORDER.get(since, -1) < ORDER[name] for name, since in SINCE.items())
