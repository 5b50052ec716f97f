import pytest

from warmbook.book.gym import points


def of(mended=None, **more):
    given = {"found": True, "revealed": False, "hints": 0, "wrong": 0, "near": 0, **more}
    return pytest.approx(points.of_fault(mended=mended, **given))


def test_the_first_try_without_hints_is_worth_all():
    assert of() == 1
    assert of(mended=True) == 1
    assert of(mended=False) == 0.5


def test_hints_and_other_answers_cost_down_to_the_floor():
    assert of(hints=1) == 0.85
    assert of(hints=1, wrong=1, near=1) == 0.55
    assert of(hints=3, wrong=20) == points.FLOOR


def test_a_near_miss_alone_counts_in_part_and_a_wrong_answer_does_not():
    assert of(found=False, near=1) == 0.45
    assert of(found=False, wrong=1) == 0


def test_a_revealed_name_is_worth_nothing_and_the_repair_still_counts():
    assert of(found=False, revealed=True, near=1) == 0
    assert of(found=False, revealed=True, mended=True) == 0.5
