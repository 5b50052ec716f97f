"""The examples of docs/ci: their files, and the shell parts in them by place and name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "ci"
PAGE = ROOT / "docs" / "ci.md"
GITHUB = ("github/rehearsal.yml", "github/nightly.yml")
OPERATORS = re.compile(r"[|&;<>()]+")


def loaded(name):
    """Return the documents of an example."""
    return list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))


def shell_parts():
    """Return the shell parts of all examples: file and name -> text."""
    return {
        f"{file} {name}": text
        for file, found in (
            *((file, _of_github(loaded(file)[0])) for file in GITHUB),
            ("gitlab-ci.yml", _of_gitlab(loaded("gitlab-ci.yml")[0])),
            ("cloudbuild.yaml", _of_cloud_build(loaded("cloudbuild.yaml")[0])),
            ("cronjob.yaml", _of_cron_job(loaded("cronjob.yaml"))),
            ("Dockerfile", _of_dockerfile((FOLDER / "Dockerfile").read_text(encoding="utf-8"))),
        )
        for name, text in found
    }


def _of_github(workflow):
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                yield step["name"], step["run"]


def _of_gitlab(pipeline):
    for job, described in pipeline.items():
        for section in ("before_script", "script", "after_script"):
            if isinstance(described, dict) and section in described:
                yield f"{job} {section}", "\n".join(described[section])


def _of_cloud_build(build):
    for step in build["steps"]:
        yield step["id"], step["script"]


def _of_cron_job(objects):
    for one in objects:
        if one["kind"] == "ConfigMap":
            yield from ((name, text) for name, text in one["data"].items() if name.endswith(".sh"))


def _of_dockerfile(text):
    joined = text.replace("\\\n", " ")
    for number, command in enumerate(re.findall(r"^RUN (.+)$", joined, re.M)):
        yield f"RUN {number}", command


def command_lines(text) -> Iterator[list[str]]:
    """Yield the words of each command of a shell text, without redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, "#"
        words: list[str] = []
        for word in [*_words(lexer), ";"]:
            if OPERATORS.fullmatch(word):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def _words(lexer):
    try:
        yield from lexer
    except ValueError:  # a quote that ends on another line: no command of ours
        return


def warmbook_commands(text) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of ours: its module, `warmbook` or `warmbook_rehearsal`, its arguments."""
    for words in command_lines(text):
        for at, word in enumerate(words):
            if word == "-m" and words[at + 1] in ("warmbook", "warmbook_rehearsal"):
                yield words[at + 1], words[at + 2 :]
                if words[at + 1] == "warmbook":
                    break
