"""What the log of a server that ended tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmbook.doctor.pods import Diagnosis, Evidence
from warmbook.doctor.pods.lines import FATAL, PASSES
from warmbook.doctor.pods.logs import causes, told_by
from warmbook.doctor.pods.suspects import suspects

BUSY = "google.api_core.exceptions.TooManyRequests: 429 GET https://storage.googleapis.com/b: no"
NO_ROOM = "torch.OutOfMemoryError: CUDA out of memory."
ECHO = "RuntimeError: Engine core initialization failed. See root cause above."


def told(log):
    return told_by(suspects(log.encode()))


def test_a_transient_failure_is_not_reported_as_permanent():
    assert told(BUSY) == [Diagnosis("storage-busy", BUSY, hopeless=False)]
    assert told(NO_ROOM) == [Diagnosis("gpu-memory-too-small", NO_ROOM, hopeless=True)]
    assert set(FATAL) > PASSES


@pytest.mark.parametrize("more", ["", "ValueError: odd\n", f"{NO_ROOM}\n"])
def test_a_cause_outside_the_log_is_reported_only_without_another(more):
    named = [one.pitfall for one in told(f"{more}{ECHO}\n")]
    expected = {"": ["cause-not-in-log"], "ValueError: odd\n": []}
    assert named == expected.get(more, ["gpu-memory-too-small"])


def test_the_previous_log_is_searched_for_a_missing_cause():
    evidence = Evidence(log=ECHO, previous=NO_ROOM)
    assert [one.pitfall for one in causes(evidence)] == ["gpu-memory-too-small"]
    assert [one.pitfall for one in causes(Evidence(log=ECHO))] == ["cause-not-in-log"]


@given(st.lists(st.sampled_from([BUSY, NO_ROOM, ECHO, "INFO a"]) | st.text(), max_size=6))
def test_each_pitfall_is_reported_once_with_a_quote_of_the_log(lines):
    log = "\n".join(lines)
    found = told(log)
    assert len({one.pitfall for one in found}) == len(found)
    for one in found:
        assert one.quote in log
