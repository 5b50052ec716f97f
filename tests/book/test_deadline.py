from warmbook.book.deadline import Deadline


def test_a_deadline_counts_down_to_nothing():
    now = [100.0]
    deadline = Deadline(5, clock=lambda: now[0])
    assert (deadline.left_s, deadline.over) == (5, False)
    now[0] += 4
    assert (deadline.left_s, deadline.over) == (1, False)
    now[0] += 4
    assert (deadline.left_s, deadline.over) == (0, True)


def test_without_a_limit_it_never_comes():
    assert (Deadline().left_s, Deadline().over) == (None, False)
