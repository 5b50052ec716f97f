from pathlib import Path

import pytest

import warmbook_rehearsal
from warmbook.serving.openai_api import QUICK_ENGINE, QUICK_ENGINE_SAYS, as_read
from warmbook.texts import speak, spoken
from warmbook_rehearsal.node.quick import NO_CHAT

NODE = Path(warmbook_rehearsal.__file__).parent / "node"


@pytest.fixture
def spanish():
    before = spoken()
    speak("es")
    yield
    speak(before)


def test_what_the_quick_engine_says_is_read_in_spanish(spanish):
    python = (NODE / "quick_modules" / "vllm" / "__init__.py").read_text()
    no_chat, nothing = QUICK_ENGINE_SAYS
    assert {"error": {"code": QUICK_ENGINE, "message": no_chat}} == NO_CHAT
    assert f'"{nothing}"' in python
    assert not {as_read(no_chat), as_read(nothing)} & {*QUICK_ENGINE_SAYS}
    assert as_read("another server's {words}") == "another server's {words}"
