from warmbook.book.gym.contradiction import contradiction
from warmbook.book.gym.rounds import Evidence
from warmbook.doctor.pitfalls import CATALOGUE

POD = Evidence(
    kind="log",
    notebook="07",
    text="ValueError: Memory limit supplied: 4900 cannot be smaller than: 5\nexit code 1",
)
GENERAL = "compare its symptom"


def test_answers_that_need_a_pod_are_contradicted_without_one():
    assert "notebook 04" in contradiction("host-oom", Evidence(kind="cluster", notebook="04"))


def test_answers_that_stop_earlier_are_contradicted_by_the_guides_progress():
    assert "02 to 05 completed" in contradiction("billing-off", POD)


def test_a_quoted_symptom_is_searched_in_the_evidence():
    assert "unrecognized arguments" in contradiction("flag-removed", POD)
    assert "137" in contradiction("host-oom", POD)
    assert "ErrImagePull" in contradiction("image-not-found", POD)
    assert GENERAL in contradiction("memory-limit-below-tensor", POD)


def test_a_service_that_may_refuse_at_any_time_is_not_ruled_out_by_the_notebook():
    assert "02 to 05" not in contradiction("rate-limited", POD)


def test_the_contradiction_uses_only_the_answer_and_the_evidence():
    told = contradiction("flag-removed", POD)
    others = CATALOGUE.keys() - {"flag-removed"}
    assert not any(name in told for name in others)
