import json
from email.message import Message

import pytest

from warmbook.display import guide_link
from warmbook.display.guide_link import CLONE, address


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Let a Jupyter server be this kernel's, which shows the folder it is called with."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    monkeypatch.setenv("JPY_SESSION_NAME", str(CLONE / "notebooks" / "es" / "02_project.ipynb"))

    def showing(folder):
        (tmp_path / "jpserver-4711.json").write_text(json.dumps({"root_dir": str(folder)}))

    return showing


def test_within_the_servers_folder_the_address_is_relative_to_the_notebook(server, monkeypatch):
    server(CLONE)
    assert address("api-off") == "../../docs/troubleshooting.md#api-off"
    assert (CLONE / "notebooks" / "es" / "../../docs/troubleshooting.md").is_file()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.chdir(CLONE / "notebooks")
    assert address("api-off") == "../docs/troubleshooting.md#api-off"


@pytest.mark.parametrize("shown", [CLONE / "notebooks", CLONE / "docs", "/nowhere"])
def test_what_the_server_does_not_show_has_no_address(server, shown):
    server(shown)
    assert address("api-off") == ""


def test_without_a_server_there_is_none_either(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    for process in ("4711", "not a number"):
        monkeypatch.setenv("JPY_PARENT_PID", process)
        assert address("api-off") == ""


def test_the_repository_that_the_package_names_comes_second(server, monkeypatch):
    described = Message()
    described["Project-URL"] = "Homepage, https://example.com"
    described["Project-URL"] = "Repository, https://github.com/owner/name.git"
    monkeypatch.setattr(guide_link.metadata, "metadata", lambda _: described)
    where = "https://github.com/owner/name/blob/HEAD/docs/troubleshooting.md#api-off"
    server("/nowhere")
    assert address("api-off") == where
    server(CLONE)
    assert address("api-off").startswith("../../docs")
