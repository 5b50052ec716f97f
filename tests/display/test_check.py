import pytest

from warmbook import check
from warmbook.errors import CheckError


def test_a_claim_that_holds_is_shown():
    assert repr(check(1, "it works", remedy="mend it")) == "✔ it works"


def test_a_claim_that_does_not_hold_stops_with_the_remedy():
    with pytest.raises(CheckError) as stopped:
        check((), "it works", remedy="mend it")
    assert str(stopped.value) == "Not so: it works\n  → mend it"


def test_the_reader_sees_no_traceback():
    error = CheckError("what", remedy="how")
    assert error._render_traceback_() == ["✗ what", "  → how"]
