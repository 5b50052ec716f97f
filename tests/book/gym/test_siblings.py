from warmbook.book.gym.siblings import FAMILIES, SAME_EVIDENCE, near, siblings
from warmbook.doctor.pitfalls import CATALOGUE


def test_every_group_names_pitfalls_of_the_catalogue():
    for group in (*SAME_EVIDENCE, *FAMILIES):
        assert len(group) > 1
        assert group <= CATALOGUE.keys()


def test_both_relations_are_symmetric_and_disjoint():
    for name in CATALOGUE:
        assert name not in siblings(name) | near(name)
        assert not siblings(name) & near(name)
        assert all(name in siblings(other) for other in siblings(name))
        assert all(name in near(other) for other in near(name))
