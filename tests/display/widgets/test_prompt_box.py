"""The prompt box, pressed as the front end does; what sends its prompts is a double."""

from dataclasses import dataclass

import pytest

from warmbook import texts
from warmbook.display.card import Card
from warmbook.display.widgets import prompt_box
from warmbook.display.widgets.prompt_box import PromptBox
from warmbook.errors import InterruptedWaitError, WarmbookError


@dataclass(frozen=True, repr=False)
class Said(Card):
    text: str

    def title(self):
        return self.text


class Model:
    """Answers with the prompt, or fails; keeps what it was asked and what the box looked like."""

    def __init__(self):
        self.asked, self.fails, self.box, self.seen = [], None, None, []

    def __call__(self, asked, show):
        self.asked.append(asked)
        for text in ("<", "<b"):
            show(text)
            if self.box:
                self.seen.append((self.box.button.disabled, self.box._shown.value))
        if self.fails:
            raise self.fails
        return Said(f"<{asked['question']}>")


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(prompt_box, "EACH_S", 0)
    return Model()


@pytest.fixture
def box(model):
    model.box = PromptBox(model, "first", "0", "64")
    return model.box


def press(box):
    box.button._handle_button_msg(None, {"event": "click"}, [])


def test_the_first_prompt_is_sent_at_once_and_shown_headless(box, model):
    assert model.asked == [{"question": "first", "temperature": "0", "max_tokens": "64"}]
    bundle = box._repr_mimebundle_()
    assert bundle["text/plain"] == repr(box.card)
    assert bundle["text/html"] == box.card._repr_html_()
    assert "&lt;first&gt;" in box._shown.value


def test_the_button_sends_the_values_of_the_fields(box, model):
    box.fields["question"].set_state({"value": "second"})
    box.fields["temperature"].set_state({"value": "0.7"})
    press(box)
    assert model.asked[-1] == {"question": "second", "temperature": "0.7", "max_tokens": "64"}
    assert "&lt;second&gt;" in box._shown.value


def test_while_it_answers_the_button_is_disabled_and_the_text_grows(box, model):
    press(box)
    assert [disabled for disabled, _ in model.seen] == [True, True]
    assert "&lt;b" in model.seen[1][1] and "&lt;b" not in model.seen[0][1]
    assert not box.button.disabled


@pytest.mark.parametrize("kind", [WarmbookError, InterruptedWaitError])
def test_a_failure_is_a_card_and_the_box_goes_on(box, model, kind):
    model.fails = kind("no <answer>", remedy="wait")
    press(box)
    assert "no &lt;answer&gt;" in box._shown.value and "wait" in box._shown.value
    assert box.card.edge() == "error" and not box.button.disabled
    model.fails = None
    press(box)
    assert "&lt;first&gt;" in box._shown.value


def test_an_unexpected_error_is_raised_and_clears_the_older_reply(box, model):
    model.fails = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        box._press(box.button)
    assert box._shown.value == "" and not box.button.disabled


def test_the_first_prompts_failure_stops_the_notebook(model):
    model.fails = WarmbookError("no", remedy="wait")
    with pytest.raises(WarmbookError, match="no"):
        PromptBox(model, "first", "0", "64")


ENDLESS = """
import time
from warmbook.cloud.errors import explained
from warmbook.display.card import Card
from warmbook.display.widgets.prompt_box import PromptBox

class Said(Card):
    def title(self):
        return "said"

def send(asked, show):
    with explained():
        if asked["question"] == "endless":
            show("begun")
            time.sleep(60)
    return Said()

box = PromptBox(send, "short", "0", "64")
box.fields["question"].value = "endless"
box.button.comm.comm_id
"""


@pytest.fixture
def kernel():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel()
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def results(messages):
    return [message for message in messages if message["msg_type"] == "execute_result"]


def seen(client, wanted):
    """Wait for a message for the front end in whose content there is `wanted`."""
    while wanted not in str(client.get_iopub_msg(timeout=30)["content"]):
        pass


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_interrupting_the_kernel_ends_the_answer_with_a_message(kernel):
    manager, client = kernel
    told = []
    reply = client.execute_interactive(ENDLESS, timeout=60, output_hook=told.append)
    assert reply["content"]["status"] == "ok", reply["content"]
    button = results(told)[-1]["content"]["data"]["text/plain"].strip("'")
    click = {"method": "custom", "content": {"event": "click"}}
    content = {"comm_id": button, "data": click}
    client.shell_channel.send(client.session.msg("comm_msg", content))
    seen(client, "begun")
    manager.interrupt_kernel()
    seen(client, "You stopped this step")
    client.execute_interactive("box.button.disabled", timeout=30, output_hook=told.append)
    assert results(told)[-1]["content"]["data"]["text/plain"] == "False"


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_field_has_a_name_of_its_own(model, language):
    texts.speak(language)
    box = PromptBox(model, "first", "0", "64")
    names = [field.description for field in box.fields.values()]
    assert all(names) and len(set(names)) == 3
    assert box.button.description == {"en": "Send", "es": "Enviar"}[language]
