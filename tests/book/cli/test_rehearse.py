"""The rehearsal and JupyterLab as verbs: which program takes this one's place, with what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import warmbook_rehearsal.__main__
from warmbook.__main__ import main
from warmbook.book import shipped
from warmbook.book.cli import rehearse
from warmbook_rehearsal.node import image


@pytest.fixture
def become(monkeypatch, tmp_path):
    """Collect the programs that would have taken this one's place; in a folder of its own."""
    started = []
    monkeypatch.setattr(rehearse, "_become", lambda *words: started.append(words) or 0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONSTARTUP", "")  # is put back after the test
    monkeypatch.delenv("PYTHONSTARTUP")
    return started


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("package") / "notebooks"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "01_settings.ipynb").write_text("{}")
    monkeypatch.setattr(shipped, "INSTALLED", folder)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--help",),
        ("--engine", "quick", "--", "warmbook", "run", "--", "--help"),
        ("--fault=nic", "--", "sh", "-c", "exit 7"),
    ],
)
def test_the_rehearsal_gets_its_words_as_they_were_typed(become, words):
    assert main(["rehearse", *words]) == 0
    assert become == [("warmbook_rehearsal", *words)]


def test_the_rehearsals_help_and_exit_status_are_the_verbs():
    command = [sys.executable, "-m", "warmbook", "rehearse"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert (done.returncode, "warmbook_rehearsal" in done.stdout) == (0, True)
    done = subprocess.run([*command, "--no-such-option"], capture_output=True, text=True)
    assert (done.returncode, "--no-such-option" in done.stderr) == (2, True)


def test_lab_opens_the_clones_notebooks_beside_a_rehearsal(become):
    assert main(["lab", "--fault", "nic", "--latency-ms", "30", "--language", "es"]) == 0
    ((module, *words),) = become
    split = words.index("--")
    assert (module, words[:split]) == ("warmbook_rehearsal", ["--fault=nic", "--latency-ms=30"])
    assert words[split + 1 : split + 4] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={shipped.CLONE.parent}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks/es/01_settings.ipynb" in words
    assert not (shipped.CLONE / ".warmbook.json").exists()
    assert Path(os.environ["PYTHONSTARTUP"]).is_file()


def test_existing_python_startup_settings_are_kept(become, monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "/home/me/start.py")
    assert main(["lab"]) == 0
    assert os.environ["PYTHONSTARTUP"] == "/home/me/start.py"


def test_installed_lab_opens_copies_in_the_folder_that_is_named(become, installed, tmp_path):
    assert main(["lab"]) == 0
    assert main(["lab", "mine", "--", "--no-browser", "--port", "8080"]) == 0
    for words, folder in zip(become, ("notebooks", "mine"), strict=True):
        assert f"--ServerApp.root_dir={tmp_path / folder}" in words
        assert (tmp_path / folder / "en" / "01_settings.ipynb").read_text() == "{}"
    assert become[1][-3:] == ("--no-browser", "--port", "8080")


def test_lab_keeps_a_changed_copy_and_reports_the_newer_version(
    become, installed, tmp_path, capsys
):
    main(["lab", "mine"])
    (tmp_path / "mine" / "en" / "01_settings.ipynb").write_text("mine")
    capsys.readouterr()
    assert main(["lab", "mine"]) == 0
    assert capsys.readouterr().out == ""
    (installed / "en" / "01_settings.ipynb").write_text("newer")
    assert main(["lab", "mine"]) == 0
    assert capsys.readouterr().out.count("mine") == 1
    assert (tmp_path / "mine" / "en" / "01_settings.ipynb").read_text() == "mine"


@pytest.mark.parametrize("root", [True, False])
def test_only_root_is_allowed_to_be_root(become, monkeypatch, root):
    monkeypatch.setattr(rehearse.os, "geteuid", lambda: 0 if root else 1000)
    main(["lab"])
    assert ("--allow-root" in become[0]) == root


OTHER_MACHINES = [
    ("darwin", (3, 12), "Linux"),
    ("win32", (3, 12), "Linux"),
    ("linux", (3, 10), "3.11"),
]


@pytest.mark.parametrize(("system", "python", "needed"), OTHER_MACHINES)
def test_without_an_engine_the_error_lists_what_works(
    become, installed, tmp_path, monkeypatch, capsys, system, python, needed
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "version_info", python)
    for words in (["rehearse"], ["rehearse", "--", "true"], ["lab"], ["lab", "mine"]):
        assert main(words) == 2
        told = capsys.readouterr().err
        assert needed in told
        assert "warmbook lab --google-cloud" in told
    assert become == []
    assert not list(tmp_path.iterdir())
    assert main(["lab", "--google-cloud"]) == 0
    ((module, *words),) = become
    assert module == "jupyterlab"
    assert f"--ServerApp.root_dir={tmp_path / 'notebooks'}" in words
    assert "--ServerApp.answer_yes=True" not in words  # nothing but JupyterLab is there to end


@pytest.mark.parametrize(
    "words",
    [
        *(["--no-such"], ["a", "b"], [""], ["--google-cloud", "--fault=x"]),
        *(["--minute", value] for value in ("nan", "inf", "-1", "0", "soon")),
        *([option, "nan"] for option in rehearse.PASSED_ON if option.endswith(("mib-s", "gbps"))),
        *(["--jitter=-1"], ["--latency-ms=inf"]),
    ],
)
def test_a_wrong_use_starts_and_copies_nothing(become, installed, tmp_path, words):
    with pytest.raises(SystemExit) as ended:
        main(["lab", *words])
    assert ended.value.code == 2
    assert become == []
    assert not list(tmp_path.iterdir())


def test_the_rehearsal_accepts_all_options_that_lab_forwards():
    parser = warmbook_rehearsal.__main__._parser()
    taken = {name: action.nargs for action in parser._actions for name in action.option_strings}
    assert {name: taken.get(name, "not taken") for name in rehearse.PASSED_ON} == dict.fromkeys(
        rehearse.PASSED_ON
    )
    assert rehearse.OLDEST_PYTHON == image.OLDEST_PYTHON
