"""The library's wording for a fixed set of cases, as tests/golden/texts has it in each language.

`make golden` writes the files; read the difference. A test elsewhere asserts names, states
and numbers, so that a sentence is changed in one place.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from warmbook.cloud.errors import explain
from warmbook.display.widgets.form import GROUPS, label
from warmbook.doctor.pitfalls import CATALOGUE
from warmbook.doctor.pods.evidence import Diagnosis
from warmbook.doctor.pods.messages import telling, verdict
from warmbook.doctor.preflight.run import CHECKS
from warmbook.errors import SettingsError
from warmbook.model.faults import SHARD_TEXTS
from warmbook.model.upload import huggingface_errors as hub
from warmbook.settings import Settings
from warmbook.texts import LANGUAGES, say, speak

from .cloud.test_errors import NAMED
from .doctor.pods.test_rollout import HOPELESS, pod
from .documents import ROOT
from .measure.runs.comparison.test_compare import UNFAIR, warnings_of
from .measure.tokens.test_loaders import COMPARED
from .steps.test_sizing import SIZED, card
from .test_settings import CONTRADICTIONS, WRONG, parse

FOLDER = Path(__file__).parent / "golden" / "texts"


def golden(language: str) -> Path:
    """Return the file of a language."""
    return FOLDER / f"{language}.txt"


def rendered(language: str) -> str:
    """Return the whole file; afterwards English is spoken."""
    speak(language)
    try:
        return "\n".join(_lines())
    finally:
        speak("en")


def _lines() -> Iterator[str]:
    yield "Written by `make golden`; what each line is of stands in tests/wording.py."
    for title, section in SECTIONS.items():
        yield from ("", f"# {title}", "")
        for name, *told in section():
            yield name
            yield from (f"  {line}" for text in told for line in text.splitlines())
    yield ""


def pitfalls() -> Iterator[tuple[str, ...]]:
    """Yield each pitfall with how it shows and what helps."""
    for name, one in CATALOGUE.items():
        yield name, say(one.symptom), f"→ {say(one.remedy)}"


def checks() -> Iterator[tuple[str, ...]]:
    """Yield each check of the notebooks with its claim and its remedy."""
    for path in sorted((ROOT / "notebooks" / "source").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
                texts = [node.args[1], *(k.value for k in node.keywords if k.arg == "remedy")]
                claim, *remedy = (say(ast.literal_eval(text)) for text in texts)
                yield path.stem, claim, *(f"→ {text}" for text in remedy)


def form() -> Iterator[tuple[str, ...]]:
    """Yield the form's titles, then each setting with its name and its help."""
    yield "groups", *map(say, GROUPS)
    for name, field in Settings.model_fields.items():
        if name != "language":
            yield name, label(name), say((field.description or "").replace("`", ""))


def refusals() -> Iterator[tuple[str, ...]]:
    """Yield choices that are refused, with what the form says of each field."""
    for changes in (*({field: value} for field, value in WRONG), *(c for c, _ in CONTRADICTIONS)):
        named = ", ".join(f"{name} = {value!r}" for name, value in changes.items())
        try:
            parse(**changes)
        except SettingsError as refused:
            reasons = (f"{name}: {reason}" for name, reason in refused.fields.items())
            yield named, *reasons, f"→ {refused.remedy}"


def errors() -> Iterator[tuple[str, ...]]:
    """Yield what clients raise, with what is said of it."""
    for error, name in NAMED:
        if not isinstance(error, ModuleNotFoundError):  # its remedy names this environment
            told = explain(error)
            yield f"{type(error).__name__} {name}".strip(), told.what, f"→ {told.remedy}"


def comparisons() -> Iterator[tuple[str, ...]]:
    """Yield what is said of records that are no measure for each other, and of tokens."""
    for name, (base, other, _) in UNFAIR.items():
        yield name, *sorted(warnings_of(base, other))
    for name, compared in COMPARED.items():
        yield f"tokens: {name}", compared.title(), compared.note()


def files() -> Iterator[tuple[str, ...]]:
    """Yield what is wrong with a file of weights."""
    for name, text in SHARD_TEXTS.items():
        yield name, say(text)


def pods() -> Iterator[tuple[str, ...]]:
    """Yield what a Pod waits for, by the pitfall, then what ends the wait."""
    for name in CATALOGUE:
        waiting = pod(node="")
        if told := telling(Diagnosis(name, ""), waiting, waiting.created):
            yield name, told
    for name, line in HOPELESS.items():
        yield name, str(verdict(Diagnosis(name, line), "p", parse()))


def hugging_face() -> Iterator[tuple[str, ...]]:
    """Yield what is said where the Hub refuses, or has not what is needed."""
    told = {
        "no token": hub._gated("org/name", ""),
        "no access": hub._gated("org/name", "hf_x"),
        **{str(status): hub._of_status(status, "org/name") for status in (401, 403, 429, 503)},
        "broken off": hub.broken_off("org/name"),
        "other range": hub.other_range("org/name"),
        "other checksum": hub.other_checksum("org/name"),
        "other format": hub.no_weights("org/name", ["a.gguf"]),
        "below": hub.no_weights("org/name", ["transformer/model.safetensors"]),
        "no weights": hub.no_weights("org/name", ["README.md"]),
    }
    for name, error in told.items():
        yield name, str(error)


def sizes() -> Iterator[tuple[str, ...]]:
    """Yield the card of what a model needs; of two, also the captions of the pictures."""
    choices = parse().model_dump(include={"project_id", "model_uri"})
    for name, (config, size_bytes, more) in SIZED.items():
        found = card(choices, config, size_bytes, more)
        yield name, repr(found)
        if name in ("tight", "unknown"):  # a picture takes a second
            yield f"{name}: pictures", repr(found.plot()), repr(found.plot_load())


SECTIONS: dict[str, Callable[[], Iterator[tuple[str, ...]]]] = {
    "Pitfalls": pitfalls,
    "Checks of the notebooks": checks,
    "Checks of the doctor": lambda: ((one.title(),) for one in CHECKS),
    "Settings": form,
    "Refused settings": refusals,
    "Errors of clients": errors,
    "Hugging Face": hugging_face,
    "Pods": pods,
    "Sizes": sizes,
    "Comparisons": comparisons,
    "Files of weights": files,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in LANGUAGES:
        golden(one).write_text(rendered(one), encoding="utf-8")
