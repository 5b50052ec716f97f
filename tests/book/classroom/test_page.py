"""The trainer's page: who may see it, and that names of others stay text."""

import http.client
import json
import re
import threading
from urllib.parse import urlsplit

import pytest

from warmbook.book.classroom import page
from warmbook.book.classroom.status import SeatStatus
from warmbook.errors import MissingError, SettingsError
from warmbook.texts import speak


@pytest.fixture
def served(running_here, tmp_path):
    running_here()
    with page.Server(tmp_path / "class") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def get(server, path, **headers):
    connection = http.client.HTTPConnection(urlsplit(server.link).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_the_page_and_its_facts_need_the_token(served):
    for path in ("/", "/status.json"):
        assert get(served, path)[0].status == 403
        assert get(served, f"{path}?token=wrong")[0].status == 403
    answer, text = get(served, f"/?token={served.token}")
    assert answer.status == 200
    assert ">01</th>" in text
    assert served.token not in text
    answer, text = get(served, f"/status.json?token={served.token}")
    assert [one["seat"] for one in json.loads(text)] == ["01"]
    assert get(served, f"/x?token={served.token}")[0].status == 404


def test_a_page_of_another_site_is_refused(served):
    assert get(served, f"/?token={served.token}", Host="attacker.example")[0].status == 403


def test_nothing_but_its_own_script_runs(served):
    answer, text = get(served, f"/?token={served.token}")
    (nonce,) = re.findall(r'<script nonce="([^"]+)"', text)
    assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "http" not in re.sub(r"http-equiv", "", text)  # no CDN


def test_a_learners_names_stay_text():
    shown = SeatStatus(
        "01", "up", notebook="<script>alert(1)</script>", status="failed", failed="<b>"
    )
    text = page.document([shown], "nonce")
    assert "<script>alert" not in text and "<b>" not in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_is_in_the_readers_language(language):
    speak(language)
    try:
        assert f'<html lang="{language}">' in page.document([], "nonce")
    finally:
        speak("en")


def test_a_port_in_use_and_a_folder_without_a_class_are_refused(served, tmp_path):
    with pytest.raises(SettingsError, match=str(served.server_port)):
        page.Server(tmp_path / "class", served.server_port)
    with pytest.raises(MissingError):
        page.Server(tmp_path / "nothing")
