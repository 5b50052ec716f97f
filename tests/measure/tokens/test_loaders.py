from warmbook.measure.tokens.loaders import Parity
from warmbook.measure.tokens.server import Served
from warmbook.serving.prompts import PROMPTS, Answers, Origin, Transcript


def answers(*tokens):
    return Answers(tokens, tuple(" ".join(map(str, one)) for one in tokens))


SAME = answers(*[(1, at) for at in range(2, len(PROMPTS) + 2)])
OTHER = answers((1, 9), *SAME.tokens[1:])


def parity(found, again=SAME, **more):
    return Parity({"download": SAME, **found}, "download", again, "0.20.0", **more)


COMPARED = {
    "same": parity({"streamer": SAME}),
    "corrupted": parity({"streamer": SAME, "distributed": OTHER}, distributed=True),
    "unsure": parity({"streamer": OTHER}, again=OTHER),
    "alone": parity({}),
}


def test_equal_answers_are_reported_as_equal():
    same = COMPARED["same"]
    assert same.equal
    assert not same.corrupted
    assert same.record()["equal"] == len(PROMPTS)
    assert same.record()["first_difference"] is None
    assert str(len(PROMPTS)) in same.title()


def test_a_difference_is_shown_with_its_place_and_what_is_known_of_the_release():
    shared = COMPARED["corrupted"]
    assert shared.corrupted == ("distributed",)
    assert not shared.equal
    assert "token 2: '1 2' | '1 9'" in repr(shared)
    assert "41749" in shared.note()
    assert shared.record()["first_difference"]["loader"] == "distributed"


def test_a_machine_without_repeatable_tokens_blames_no_loader():
    unsure = COMPARED["unsure"]
    assert not unsure.repeats
    assert not unsure.corrupted
    assert not unsure.equal
    assert unsure.edge() == "warning"


def test_without_others_or_without_answers_nothing_is_compared():
    alone = COMPARED["alone"]
    assert not alone.equal
    declined = Parity({}, "download", None, "0.32.0", declined="not here")
    assert "not here" in repr(declined)
    assert declined.record() == alone.record() == {}


ORIGIN = Origin("gs://b/m", "f1", "0.20.0")
GARBAGE = answers(*[(9, at) for at in range(len(PROMPTS))])


def server(found):
    return Served(Transcript(ORIGIN, found), Transcript(ORIGIN, SAME), True)


def test_the_server_is_a_row_of_its_own():
    held = parity({"streamer": SAME}, server=server(SAME))
    assert held.equal
    assert "server: 24 of 24 answers equal" in repr(held)


def test_a_server_with_damage_fails_the_comparison_with_known_reports():
    held = parity({"streamer": SAME}, server=server(GARBAGE), distributed=True)
    assert held.corrupted == ("server",)
    assert not held.equal
    assert held.edge() == "error"
    assert "41749" in held.note()
    assert held.record()["equal"] == len(PROMPTS)  # of the loaders; the server's are recorded apart


def test_a_few_different_tokens_of_the_server_are_no_damage():
    held = parity({"streamer": SAME}, server=server(OTHER))
    assert held.equal
    assert held.edge() == "warning"
    assert "round differently" in held.note()


def test_an_unknown_release_has_no_reports():
    unread = Parity({"download": SAME, "streamer": OTHER}, "download", SAME, "99.0")
    assert unread.corrupted == ("streamer",)
    assert unread.note() == "No known issue for vLLM 99.0."
