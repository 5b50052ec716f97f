"""An act of a fault happens once; in a hold once more, if it was not repaired before."""

import pytest

from warmbook_rehearsal.faults.once import Once


class Role:
    """A role that a fault takes away once, when somebody uses it."""

    def __init__(self):
        self.there = True
        self.once = Once(lambda: not self.there, self.take)

    def take(self):
        self.there = False

    def use(self):
        if self.once.due and self.there:
            self.once.done()
            self.take()
        return self.there


def test_a_repair_lasts():
    role = Role()
    assert not role.use()
    role.there = True
    assert role.use()


def test_in_a_hold_what_was_not_repaired_before_happens_again():
    role = Role()
    role.use()
    role.once.hold()
    role.there = True  # the guide grants it
    assert not role.use()
    role.once.release()
    role.there = True  # the learner grants it
    assert role.use()


def test_what_only_the_guide_has_repaired_is_undone_at_the_end_of_the_hold():
    role = Role()
    role.use()
    role.once.hold()
    role.there = True
    role.once.release()
    assert not role.there


@pytest.mark.parametrize("used", [False, True])
def test_a_repair_before_the_hold_lasts(used):
    role = Role()
    role.use()
    role.there = True
    role.once.hold()
    if used:
        role.use()
    role.once.release()
    assert role.there
    assert role.use()


def test_a_hold_changes_nothing_before_the_first_time():
    role = Role()
    role.once.hold()
    role.once.release()
    assert role.there
    assert not role.use()
