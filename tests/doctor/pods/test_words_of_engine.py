"""The words by which a log tells its failure stand in the real engine's own files."""

import re
from pathlib import Path

import pytest

from warmbook.doctor.pods.exceptions import START_FAILED
from warmbook.doctor.pods.lines import BESIDE, FAMILIES, FATAL
from warmbook_rehearsal.__main__ import _parser
from warmbook_rehearsal.node import build_image

try:
    from re import _parser as expressions
except ImportError:  # before Python 3.11
    import sre_parse as expressions

PACKAGES = ("vllm", "transformers", "tokenizers", "huggingface_hub", "runai_model_streamer")
PACKAGES += ("google/auth", "google/cloud/storage", "torch/distributed", "torch/cuda", "urllib3")
FILES = ("torch/utils/cpp_extension.py", "torch/_dynamo/exc.py")
LIBRARIES = ("libc10.so", "libstreamer*.so", "tokenizers*.so")
"""What is compiled and holds words of its own."""

BETWEEN_LINES = re.compile(r'"\s*\n\s*f?"')
"""Where a text of Python goes on in the next line."""

ELSEWHERE = {
    "Google's services": (
        *("vpc-service-controls", "requester-pays", "impersonation-refused", "no-identity"),
        *("metadata-server-off", "kms-key-refused", "bucket-viewer-missing"),
        *("object-role-missing", "billing-off", "api-off"),
    ),
    "Python": (
        *("flag-removed", "flag-ambiguous", "module-missing", "streamer-missing"),
        *("assets-folder-race", "probe-too-short"),
    ),
    "the kernel, a shell and the C library": (
        *("disk-full", "folder-not-writable", "wrong-processor", "threads-limit"),
    ),
    "NVIDIA's driver and CUDA, which an engine on a CPU has not": (
        *("driver-replaced", "cuda-driver-mismatch", "driver-too-old", "gpu-broken"),
        "fabric-not-ready",
    ),
}
"""Pitfalls that somebody else's words tell, by whose."""


def words_of(expression):
    """Return the longest plain text of each alternative, where it is long enough to be its own."""
    found = []

    def walk(parts):
        plain = [""]
        for kind, value in parts:
            if kind is expressions.LITERAL:
                plain[-1] += chr(value)
                continue
            plain.append("")
            if kind is expressions.BRANCH:
                for one in value[1]:
                    walk(one)
            elif kind is expressions.SUBPATTERN:
                walk(value[3])
        found.append(max(plain, key=len))

    walk(expressions.parse(expression))
    return {text for text in found if len(text) >= 10}


def texts(site_packages):
    """Yield what the engine's files hold, strings that go on in the next line as one."""
    files = [f for package in PACKAGES for f in (site_packages / package).rglob("*.py")]
    for file in (*files, *(site_packages / name for name in FILES)):
        yield BETWEEN_LINES.sub("", file.read_text("utf-8", "replace"))
    for library in LIBRARIES:
        for file in site_packages.rglob(library):
            yield file.read_bytes().decode("latin-1")


@pytest.fixture(scope="module")
def held():
    """Return which of the words stand in the engine's files."""
    python = build_image(Path(_parser().parse_args([]).cache), lambda *_: None).python
    (site_packages,) = Path(python).parents[1].glob("lib/python*/site-packages")
    wanted = {f'"{family}' for family in FAMILIES} | words_of(START_FAILED.pattern)
    wanted |= set().union(*(words_of(one) for one in (FATAL | BESIDE).values()))
    found = set()
    for text in texts(site_packages):
        found |= {word for word in wanted - found if word in text}
    return found


@pytest.mark.streamer
def test_each_pitfall_is_detected_by_messages_of_the_engine_or_a_named_source(held):
    named = {name for names in ELSEWHERE.values() for name in names}
    unknown = {name for name, one in (FATAL | BESIDE).items() if not words_of(one) & held}
    assert unknown == named


@pytest.mark.streamer
def test_families_are_prefixes_of_the_engines_model_types(held):
    assert {family for family in FAMILIES if f'"{family}' not in held} == set()


@pytest.mark.streamer
def test_failed_starts_are_detected_by_messages_of_the_engine_or_sglang(held):
    of_sglang = {"Received sigquit from a child process", "scheduler is dead"}
    assert words_of(START_FAILED.pattern) - held == of_sglang


def test_the_longest_words_of_each_alternative_are_looked_for():
    assert words_of(r"No module named '(?:vllm|torch)|out of memory") == {
        "No module named '",
        "out of memory",
    }
    assert words_of(r"OOM|\d+") == set()
