from warmbook.book.gym.drawing import drawn_from
from warmbook.book.gym.levels import AT_ANY_TIME, BEFORE_THE_SERVER, BEHIND_THE_LOG, level_of
from warmbook.book.gym.levels import IN_EVENTS_OR_NAMED_BY_THE_LOG as IN_EVENTS
from warmbook.doctor.pitfalls import CATALOGUE


def test_each_pitfall_has_one_level_at_most():
    tables = (AT_ANY_TIME, BEFORE_THE_SERVER, IN_EVENTS, BEHIND_THE_LOG)
    assert len(frozenset().union(*tables)) == sum(map(len, tables))
    assert frozenset().union(*tables) <= CATALOGUE.keys()


def test_the_level_follows_where_the_evidence_stands():
    assert level_of("billing-off") == "easy"  # an API says it
    assert level_of("image-not-found") == "medium"  # an event of the Pod says it
    assert level_of("project-id-for-number") == "hard"  # a 403 whose cause is in a policy


def test_what_the_guide_does_not_stop_at_is_never_drawn():
    flags = dict.fromkeys(("passes", "ahead", "unseen", "waits", "choices"), False)
    known = [{"name": name, "pitfall": name, **flags} for name in CATALOGUE]
    drawn = drawn_from(known)
    assert {"bucket-elsewhere", "original-folder", "weights-corrupted"}.isdisjoint(drawn)
    assert {"billing-off", "host-oom", "no-identity"} <= set(drawn)
