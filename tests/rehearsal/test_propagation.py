"""What begins holds later, by a clock of the test's own."""

from warmbook_rehearsal.propagation import Propagation

VIEWER = {"role": "roles/viewer", "members": ["user:a@example.com"]}
BOTH = {"role": "roles/viewer", "members": ["user:a@example.com", "user:b@example.com"]}


def clocked(delay_s):
    now = [0.0]
    return now, Propagation(delay_s, clock=lambda: now[0])


def test_without_a_delay_everything_holds_at_once():
    _, propagation = clocked(0.0)
    propagation.begin("api")
    assert propagation.holds("api", delays=3)


def test_a_thing_holds_after_so_many_delays_and_what_never_began_held_before():
    now, propagation = clocked(10.0)
    propagation.begin("api")
    assert [propagation.holds(name) for name in ("api", "other")] == [False, True]
    now[0] = 10.0
    assert [propagation.holds("api", delays=d) for d in (1.0, 1.5)] == [True, False]
    propagation.begin("api")
    assert not propagation.holds("api")
    propagation.end("api")
    assert propagation.holds("api")


def test_a_grant_is_delayed_only_for_principals_that_are_new():
    now, propagation = clocked(10.0)
    propagation.changed([VIEWER], [BOTH], "bucket")
    (binding,) = propagation.holding([BOTH], "bucket")
    assert binding["members"] == VIEWER["members"]
    (elsewhere,) = propagation.holding([BOTH], "another bucket")
    assert elsewhere["members"] == BOTH["members"]
    now[0] = 10.0
    assert propagation.holding([BOTH], "bucket") == [BOTH]
