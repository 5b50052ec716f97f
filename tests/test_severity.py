from itertools import permutations

from warmbook.severity import worst


def test_the_worst_is_an_error_then_a_warning_then_what_is_in_order():
    for order in permutations(["ok", "info", "warning", "error"]):
        assert worst(order) == "error"
    assert worst(["info", "warning", "ok"]) == "warning"
    assert worst(["info", "ok"]) == "ok"
    assert worst(["info"]) == worst([]) == "info"
