"""warmbook as a wheel: in an environment of its own, in an empty folder, far from the clone."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from warmbook.book import shipped

from ..browser.lab import free_port
from ..rehearsal.test_rehearsal import processes_with, until

ROOT = Path(__file__).parents[2]
BUILD = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
OLDER_ENGINE = "engine-0123456789ab"
"""An engine that an earlier warmbook built: the name was a digest alone."""

OLDER_CHOICES = """\
version: 1
settings:
  project_id: my-project
  model_uri: gs://my-bucket/models/mine
  cluster_name: chosen-long-ago
  colour: red
measurements:
  stream: {bytes: 5}
"""


def built(source, folder):
    subprocess.run([*BUILD, "--wheel-dir", str(folder), str(source)], check=True, cwd=folder)
    (wheel,) = folder.glob("warmbook-*.whl")
    return wheel


def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


class Installed:
    """An environment with the wheel in it, which borrows the dependencies of the tests' own."""

    def __init__(self, folder, wheel):
        venv.create(folder, with_pip=False)
        self.bin = folder / "bin"
        (self.packages,) = folder.glob("lib/python*/site-packages")
        borrowed = [path for path in sys.path if Path(path).name.endswith("-packages")]
        (self.packages / "borrowed.pth").write_text("\n".join(borrowed))
        self.environ = {
            **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "WARMBOOK_FILE")},
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "JUPYTERLAB_DIR": str(lab_assets()),
        }
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, wheel], check=True, env=self.environ)

    def run(self, *command, cwd, **environ):
        return subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
        )

    def moments(self):
        """Return each file of the package and when it was written, but for compiled code."""
        files = [p for p in self.packages.rglob("*") if "__pycache__" not in p.parts]
        return {path: path.stat().st_mtime_ns for path in files}


def lab_assets():
    import jupyterlab

    return Path(jupyterlab.__file__).parents[4] / "share" / "jupyter" / "lab"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("environment"), wheel)


def test_the_wheel_has_the_library_the_notebooks_and_no_source_of_theirs(wheel):
    library = (
        p for p in (ROOT / "lib").rglob("*") if p.is_file() and p.parent.name != "__pycache__"
    )
    wanted = {path.relative_to(ROOT / "lib").as_posix() for path in library}
    wanted = {f"{name[:-3]}.mo" if name.endswith(".po") else name for name in wanted}
    wanted |= {f"warmbook/notebooks/{name}" for name in shipped.files()}
    assert names(wheel) == wanted | {"warmbook/docs/troubleshooting.md"}


def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    assert names(built(archive, tmp_path)) == names(wheel)


def test_an_installed_library_speaks_spanish_as_the_clone_does(installed, tmp_path):
    asked = "from warmbook.texts import say; print(say('(none)'), say('never said'))"
    answered = installed.run("python", "-c", asked, cwd=tmp_path, WARMBOOK_LANGUAGE="es")
    assert answered.stdout == "(ninguna) never said\n", answered.stderr


def test_in_an_empty_folder_the_notebooks_are_copied_listed_and_printed(installed, tmp_path):
    before = installed.moments()
    where = installed.run("python", "-c", "import warmbook; print(warmbook.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed.packages)
    copied = installed.run("warmbook", "notebooks", "mine", cwd=tmp_path)
    assert copied.returncode == 0, copied.stderr
    for name in shipped.files():
        assert (tmp_path / "mine" / name).read_bytes() == (shipped.CLONE / name).read_bytes()
    listed = installed.run("warmbook", "list", cwd=tmp_path)
    assert len([line for line in listed.stdout.splitlines() if re.match(r"\d\d_\w+:", line)]) == 10
    choices = ("-p", "project_id", "my-project", "-p", "model_uri", "gs://my-bucket/model")
    script = installed.run("warmbook", "commands", *choices, cwd=tmp_path)
    assert "gs://my-bucket/model" in script.stdout, script.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert installed.moments() == before


def test_an_error_names_the_section_of_a_file_that_is_there(installed, tmp_path):
    ask = "from warmbook.errors import GUIDE_TO_PITFALLS; print(GUIDE_TO_PITFALLS)"
    told = installed.run("python", "-c", ask, cwd=tmp_path)
    assert "## namespace-missing" in Path(told.stdout.strip()).read_text()


def test_choices_of_an_older_workbook_count_and_what_is_unknown_is_named(installed, tmp_path):
    saved = tmp_path / "workbook.yaml"
    saved.write_text(OLDER_CHOICES)
    script = installed.run("warmbook", "commands", "--notebook", "04", cwd=tmp_path)
    assert script.returncode == 0, script.stderr
    assert "chosen-long-ago" in script.stdout
    assert "colour" in script.stderr
    assert saved.read_text() == OLDER_CHOICES


@pytest.fixture
def older_cache(tmp_path):
    """A cache with what is built, beside an older engine and the locks of older builds."""
    cache = tmp_path / "cache"
    cache.mkdir()
    usual = Path(os.environ.get("WARMBOOK_CACHE") or Path.home() / ".cache" / "warmbook")
    for entry in usual.iterdir():
        if entry.suffix != ".lock":
            (cache / entry.name).symlink_to(entry)
    older = cache / OLDER_ENGINE
    (older / "bin").mkdir(parents=True)
    (older / "complete.json").write_text('{"vllm": "0.11.1", "runai-model-streamer": "0.14.0"}')
    for lock in (f"{OLDER_ENGINE}.lock", "model.lock"):
        (cache / lock).touch()
    return cache


@pytest.mark.streamer
@pytest.mark.timeout(400)
def test_the_quick_rehearsal_runs_from_the_wheel_over_an_older_cache(
    installed, older_cache, tmp_path
):
    before, there = installed.moments(), sorted(older_cache.glob(f"{OLDER_ENGINE}/**/*"))
    empty = tmp_path / "empty"
    empty.mkdir()
    book = ("warmbook", "run", "--only", "01,02,03,04,05,06,07,10")
    done = installed.run(
        *("warmbook", "rehearse", "--engine", "quick", "--", *book),
        cwd=empty,
        WARMBOOK_CACHE=str(older_cache),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (out,) = (empty / "runs").iterdir()
    record = json.loads((out / "run.json").read_text())
    assert [n["status"] for n in record["notebooks"]] == ["passed"] * 8
    assert record["versions"]["runai-model-streamer"] != "0.14.0"
    assert record["left"] == []
    assert [path.name for path in empty.iterdir()] == ["runs"]
    assert installed.moments() == before
    assert sorted(older_cache.glob(f"{OLDER_ENGINE}/**/*")) == there


@pytest.mark.streamer
def test_the_commands_exit_status_is_the_verbs(installed, tmp_path):
    command = ("warmbook", "rehearse", "--engine", "quick", "--", "sh", "-c", "exit 7")
    done = installed.run(*command, cwd=tmp_path)
    assert done.returncode == 7, done.stderr


@pytest.mark.streamer
def test_lab_answers_and_ctrl_c_ends_it_and_all_that_it_started(installed, tmp_path):
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    jupyter = ("--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0")
    words = ("warmbook", "lab", "--engine", "quick", "--language", "es", "--", *jupyter)
    log = tmp_path / "log"
    with log.open("w") as written:
        lab = subprocess.Popen(
            [*words, "--IdentityProvider.token=of-the-test"],
            cwd=tmp_path,
            stdout=written,
            stderr=written,
            env={
                **installed.environ,
                "TMPDIR": str(temporary),
                "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
            },
        )
    try:
        url = f"http://127.0.0.1:{port}/api/contents/es?token=of-the-test"
        until(lambda: answers(url) or lab.poll() is not None, 120)
        assert lab.poll() is None, log.read_text()
        served = json.loads(urllib.request.urlopen(url, timeout=10).read())["content"]
        assert "01_settings.ipynb" in {entry["name"] for entry in served}
        lab.send_signal(signal.SIGINT)
        lab.wait(30)
    finally:
        lab.kill()
        lab.wait()
    assert (tmp_path / "notebooks" / "es" / "01_settings.ipynb").is_file()
    until(lambda: not processes_with(str(temporary)))
    assert not list(temporary.iterdir())


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
