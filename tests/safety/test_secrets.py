"""Nothing secret is in what a run leaves behind, whether it went well or not."""

import json
import os
import re
from pathlib import Path

import pytest

from warmbook.book import runner
from warmbook.cloud.errors import explained
from warmbook.errors import SettingsError, WarmbookError
from warmbook.workbook import Workbook

from ..figures import record

HUB_TOKEN = "hf_planted_0123456789abcdefghij"
PASSWORD = "planted-password-98765"


@pytest.fixture
def secrets(rehearsal, monkeypatch):
    """What must be found nowhere: the rehearsal's token, a Hub's, a password in the environment."""
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    return [rehearsal.environ["WARMBOOK_REHEARSAL_TOKEN"], HUB_TOKEN, PASSWORD]


def left_by(*folders):
    for folder in folders:
        yield from (path for path in Path(folder).rglob("*") if path.is_file())


def search(paths, secrets):
    """Return the files that hold a secret; and how many were read."""
    read, found = 0, []
    for path in paths:
        read += 1
        data = path.read_bytes()
        found += [path for secret in secrets if secret.encode() in data]
    return read, found


@pytest.mark.timeout(200)
@pytest.mark.parametrize("faults", [(), ("bucket-viewer-missing",)], ids=["well", "badly"])
def test_a_run_leaves_no_secret_in_notebooks_record_state_or_logs(
    rehearsal, secrets, chosen, clients, tmp_path, faults
):
    out = tmp_path / "run"
    books = runner.books("en")[1:6]
    if faults:  # the planted token is no token of the Hub's
        gated = {"model_source": "hf://rehearsal/SmolLM2-135M-gated"}
        assert not runner.run(books[:2], gated, out).passed
        books = runner.books("en")[1:7]
    result = runner.run(books, {}, out)
    assert result.passed == (not faults), result.notebooks
    logs = tmp_path / "logs"
    logs.mkdir()
    for pod in clients.kubernetes.list_objects("Pod", chosen.namespace):
        name = pod["metadata"]["name"]
        (logs / f"{name}.json").write_text(json.dumps(pod))
        for previous in (True, False):
            log = clients.kubernetes.log(name, chosen.namespace, previous=previous)
            (logs / f"{name}-{previous}.log").write_text(log)
    read, found = search(left_by(tmp_path), secrets)
    assert read >= 10
    assert found == []
    record("secrets", files=read, found=0)


def test_errors_and_clients_show_no_token(rehearsal, secrets, clients, chosen):
    with pytest.raises(WarmbookError) as refused, explained():
        clients.storage.get_bucket("no-such-bucket-of-ours")
    cause = refused.value.__cause__
    shown = [str(refused.value), repr(clients), clients._repr_html_(), repr(cause), repr(chosen)]
    assert not [text for text in shown for secret in secrets if secret in text]


def test_state_is_written_whole_or_not_at_all_and_for_its_owner_only(
    tmp_path, settings, monkeypatch
):
    old = os.umask(0)
    try:
        book = Workbook(tmp_path / "workbook.yaml")
        book.choose(settings.model_dump())
        assert (tmp_path / "workbook.yaml").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(old)
    before = (tmp_path / "workbook.yaml").read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(SettingsError, match="full"):
        book.record("stream", {"bytes": 1})
    assert (tmp_path / "workbook.yaml").read_bytes() == before


def test_the_notebooks_hold_no_outputs_and_nothing_that_looks_like_a_key():
    folder = Path(__file__).parents[2] / "notebooks"
    for path in folder.rglob("*.ipynb"):
        text = path.read_text()
        assert not [cell for cell in json.loads(text)["cells"] if cell.get("outputs")]
        assert not re.search(r"ya29\.[\w-]{20}|AIza[\w-]{30}|hf_[A-Za-z]{34}|PRIVATE KEY", text)
