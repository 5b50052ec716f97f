"""The prompt box against a rehearsal whose engine is a double that streams as vLLM does."""

import json

import pytest

from warmbook import texts
from warmbook.errors import InterruptedWaitError, ResourceFailedError, SettingsError
from warmbook.serving import openai_api
from warmbook.serving.openai_api import DeclinedError, Server
from warmbook.steps import streaming
from warmbook.steps.streaming import prompt
from warmbook.steps.streaming.prompt import Reply

GIVEN = {"question": "Capital of France?", "temperature": "0", "max_tokens": "64"}


def test_a_prompt_is_answered_piece_by_piece_through_the_clusters_api(chosen, clients, up_to):
    up_to("streaming")
    shown = []
    reply = streaming.reply(chosen, clients, question="Capital?", show=shown.append)
    assert shown == [" Par", " París", " París. "]
    assert (reply.text, reply.declined, reply.tokens) == ("París.", "", 3)
    # the double waits 0.1 s after each of its four pieces, the first of which has no text
    assert 0.1 <= reply.first_token_s <= reply.elapsed_s - 0.2
    rate = 2 / (reply.elapsed_s - reply.first_token_s)
    assert reply.tokens_per_s == pytest.approx(rate)
    assert f"{rate:.1f} (3 tokens in" in repr(reply)
    assert "Capital?" in reply.command

    with pytest.raises(ResourceFailedError, match="EngineCore died"):
        streaming.reply(chosen, clients, question="break off")

    def interrupt(text):
        raise KeyboardInterrupt

    with pytest.raises(InterruptedWaitError):
        streaming.reply(chosen, clients, question="Capital?", show=interrupt)

    box = streaming.prompt_box(chosen, clients, question="Capital?")
    assert box.card.text == "París."
    box.fields["max_tokens"].set_state({"value": "many"})
    box.button.click()
    assert "max_tokens: enter a whole number" in box.card.title()


class Cluster:
    """A cluster whose server answers with lines; keeps what it was sent, and who went on."""

    def __init__(self, *lines):
        self.lines, self.sent, self.ended = lines, None, False

    def ask_by_lines(self, pod, namespace, port, path, body):
        self.sent = (path, body)
        try:
            yield from self.lines
        finally:
            self.ended = True


@pytest.fixture
def reply_of(settings, monkeypatch):
    """Return the reply of a server that streams these lines, and its cluster."""

    def reply_of(*lines, **asked):
        cluster = Cluster(*lines)
        clients = type("Clients", (), {"kubernetes": cluster})()
        server = Server(clients, "vllm", type("Pod", (), {"name": "pod"})())
        monkeypatch.setattr(Server, "model", "m")
        monkeypatch.setattr(prompt, "first_ready", lambda *_: server)
        return streaming.reply(
            asked.pop("settings", settings), clients, **{**GIVEN, **asked}
        ), cluster

    return reply_of


def data(**piece):
    return f"data: {json.dumps(piece)}"


def test_the_request_is_that_of_the_openai_api(reply_of):
    _, cluster = reply_of("data: [DONE]", temperature=" 0.7 ", max_tokens="8")
    path, body = cluster.sent
    assert path == "v1/chat/completions"
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.7, 8, True)
    assert body["stream_options"] == {"include_usage": True}
    assert body["messages"] == [{"role": "user", "content": "Capital of France?"}]


def test_a_number_that_is_not_given_is_the_settings_own(settings, reply_of):
    own = settings.model_copy(update={"temperature": 0.5, "max_tokens": 7})
    for given, wanted in (({}, (0.0, 64)), ({"settings": own}, (0.5, 7))):
        _, cluster = reply_of("data: [DONE]", temperature="", max_tokens="", **given)
        _, body = cluster.sent
        assert (body["temperature"], body["max_tokens"]) == wanted


def test_lines_that_are_no_data_and_pieces_without_text_are_passed_over(reply_of):
    delta = {"choices": [{"delta": {"content": "a"}}], "usage": None}
    empty = ("", ": ping", "event: x", data(choices=[]), data(choices=[{"delta": None}]))
    reply, cluster = reply_of(*empty, data(**delta), "data: [DONE]", data(**delta))
    assert (reply.text, reply.tokens, reply.tokens_per_s) == ("a", None, None)
    assert cluster.ended


@pytest.mark.parametrize(
    "line", [data(error={"message": "gone"}), data(error="gone"), "data: gone", 'data: ["gone"]']
)
def test_an_answer_that_breaks_off_is_no_answer(reply_of, line):
    with pytest.raises(ResourceFailedError, match="gone"):
        reply_of(data(choices=[{"delta": {"content": "a"}}]), line)


def test_the_quick_engine_declines_with_the_reason(settings, monkeypatch, reply_of):
    def decline(*_, **__):
        raise DeclinedError("answers no chat")
        yield

    monkeypatch.setattr(openai_api.Server, "stream", decline)
    reply, _ = reply_of()
    assert (reply.declined, reply.first_token_s) == ("answers no chat", None)
    assert reply.edge() == "warning"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"question": "  "}, "question"),
        ({"temperature": "1,5"}, "temperature"),
        ({"temperature": "2.1"}, "temperature"),
        ({"temperature": "-1"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"max_tokens": "0"}, "max_tokens"),
        ({"max_tokens": "4k"}, "max_tokens"),
        ({"max_tokens": "1.5"}, "max_tokens"),
        ({"max_tokens": "32769"}, "max_tokens"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_before_any_request(settings, wrong, name, language):
    texts.speak(language)
    with pytest.raises(SettingsError) as refused:
        streaming.reply(settings, None, **{**GIVEN, **wrong})
    assert set(refused.value.fields) == {name}
    assert ("escribe" in refused.value.fields[name]) == (language == "es")


def test_a_rate_needs_two_tokens_and_time_between_them():
    assert Reply("m", "q", "a", "", 1.0, 3.0, 11).tokens_per_s == 5
    assert Reply("m", "q", "a", "", 1.0, 1.0, 11).tokens_per_s is None
    assert Reply("m", "q", "a", "", 1.0, 3.0, 1).tokens_per_s is None
