from warmbook.doctor.preflight import Checkup, Examination


def test_what_is_in_the_way_is_listed_and_not_run_together():
    lines = (
        Checkup("error", "no cluster"),
        Checkup("ok", "a bucket"),
        Checkup("error", "no role."),
    )
    assert Examination(checkups=lines, before="06").why == "no cluster; no role"
    assert Examination(checkups=lines[1:2], before="06").why == ""
