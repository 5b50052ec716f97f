import pytest

from warmbook import check
from warmbook.errors import CheckError, Remedy


def test_a_claim_that_holds_is_shown():
    assert repr(check(1, "it works", remedy="mend it")) == "✔ it works"


def test_a_claim_that_does_not_hold_stops_with_the_remedy():
    with pytest.raises(CheckError) as stopped:
        check((), "it works", remedy="mend it")
    assert str(stopped.value) == "Check failed: it works\n  → mend it"


class Better:
    why, pitfall, remedies = "it is off", "api-off", (Remedy("a", "gcloud a"), Remedy("b"))

    def __bool__(self):
        return False


def test_reason_and_remedies_of_the_checked_object_take_precedence():
    with pytest.raises(CheckError) as stopped:
        check(Better(), "it works", remedy="mend it")
    error = stopped.value
    assert (error.title, error.why, error.pitfall) == (
        "Check failed: it works",
        "it is off",
        "api-off",
    )
    assert error.remedies == Better.remedies
    assert error.what == "Check failed: it works. it is off"


def test_the_reader_sees_no_traceback():
    error = CheckError("what", remedy="how")
    assert error._render_traceback_() == ["✗ what", "  → how"]
