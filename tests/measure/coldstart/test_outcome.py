"""What became of a start that a log tells of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.measure.coldstart.outcome import Outcome, outcome
from warmbook.measure.coldstart.startlog import OUTCOME, read

STARTS = "INFO 11-29 09:00:00 [core.py:1] Initializing a V1 LLM engine (v0.32.0) with config: m\n"
LOADS = "INFO 11-29 09:00:05 [gpu_model_runner.py:1] Starting to load model gs://b/m...\n"
UP = "INFO:     Application startup complete.\n"
FAILS = "ERROR 11-29 09:00:09 [core.py:1510] ValueError: odd\n"
ECHO = "RuntimeError: Engine core initialization failed. See root cause above.\n"
DIES = "vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.\n"


def became(log):
    text = log.encode()
    return outcome(read(text, None, OUTCOME), text)


@pytest.mark.parametrize(
    ("log", "state", "ended"),
    [
        ("", "none", False),
        ("nothing of a server\n", "none", False),
        (STARTS + LOADS, "unfinished", False),
        (STARTS + LOADS + UP, "up", False),
        (STARTS + FAILS, "failed", False),
        (FAILS, "failed", False),
        (STARTS + LOADS + ECHO, "failed", False),
        (ECHO, "failed", False),
        (STARTS + LOADS + UP + DIES, "up", True),
        (STARTS + FAILS + STARTS + LOADS + UP, "up", False),
    ],
)
def test_the_last_start_is_up_failed_or_unfinished(log, state, ended):
    found = became(log)
    assert (found.state, found.ended) == (state, ended)


def test_a_failed_start_has_its_causes_or_its_exception():
    assert [one.pitfall for one in became(STARTS + ECHO).causes] == ["cause-not-in-log"]
    assert "ValueError: odd" in became(STARTS + FAILS + ECHO).exception
    assert became(STARTS + LOADS).loading
    assert not became(STARTS + LOADS + UP).told


@given(st.lists(st.sampled_from([STARTS, LOADS, UP, FAILS, ECHO, DIES]), max_size=6), st.binary())
def test_any_log_has_an_outcome_and_a_failure_has_a_reason(lines, more):
    text = "".join(lines).encode() + more
    found = outcome(read(text, None, OUTCOME), text)
    assert isinstance(found, Outcome)
    assert found.told or found.state != "failed"
