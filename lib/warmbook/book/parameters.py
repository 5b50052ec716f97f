"""The parameters of a run: from files, from YAML on the command line, and typed with -p."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import limited_yaml
from ..errors import SettingsError
from ..limited_yaml import YamlError, YamlSyntaxError
from ..settings import Settings, as_text, merge
from ..texts import say
from .execution import taken_by


def gathered(
    files: Iterable[Path], texts: Iterable[str], typed: Iterable[Sequence[str]]
) -> dict[str, object]:
    """Return the parameters of files, then of YAML texts, then typed ones, later over earlier.

    An empty value of YAML counts as not given.
    Source: papermill, cli.py, the order of -f, -y and -p.

    Raises:
        SettingsError: A file can't be read, or it or a text is no mapping of names to values.
    """
    found: dict[str, object] = {}
    for file in files:
        found |= _mapping(_content(file), str(file))
    for text in texts:
        found |= _mapping(text, "-y")
    return found | {name: value for name, value in typed}


def _content(file: Path) -> str:
    try:
        return limited_yaml.read(file)
    except OSError as error:
        remedy = say("Name a file that you can read.")
        raise _refused(str(file), error.strerror or str(error), remedy) from None
    except YamlSyntaxError as error:  # before it is parsed: of another encoding
        remedy = say("Save it as UTF-8, then try again.")
        raise _refused(str(file), error.reason, remedy) from None
    except YamlError as error:
        raise _refused(str(file), error.reason) from None


def _mapping(text: str, name: str) -> dict[str, object]:
    try:
        found = limited_yaml.documents(text, kubernetes=True)  # times stay text, as papermill's
    except YamlError as error:
        raise _refused(name, error.reason) from None
    if len(found) > 1:
        raise _refused(name, say("it contains more than one document"))
    content = (found or [None])[0]
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise _refused(name, say("it does not map names to values"))
    return {str(key): _single(str(key), value, name) for key, value in content.items()}


def _single(key: str, value: Any, name: str) -> object:
    if isinstance(value, (dict, list, set, bytes, tuple)):
        raise _refused(name, say("{key} is not a single value", key=key))
    return "" if value is None else value


def _refused(name: str, reason: str, remedy: str = "") -> SettingsError:
    told = say("The parameters in {name} can't be read: {reason}.", name=name, reason=reason)
    example = say("Write one line for each parameter, such as `replicas: 2`.")
    return SettingsError(told, remedy=remedy or example)


def refuse_early(
    notebooks: Sequence[Path], parameters: Mapping[str, object], saved: Mapping[str, object]
) -> tuple[Settings, dict[str, str]]:
    """Return a run's settings and its parameters as text, before anything is created.

    `saved` are the reader's own choices; the run has a workbook.yaml of its own. The notebooks
    get text, as their parameters cells have it.

    Raises:
        SettingsError: A parameter that no notebook takes, or a value that can't be right.
    """
    taken = set[str]().union(*map(taken_by, notebooks))
    if unknown := sorted(set(parameters) - taken):
        raise SettingsError(
            say("Unknown parameter: {names}.", names=", ".join(unknown)),
            remedy=say("Known parameters: {names}.", names=", ".join(sorted(taken))),
        )
    settings = {name: parameters[name] for name in Settings.model_fields if name in parameters}
    valid = Settings.parse(merge(saved, settings))
    return valid, {name: as_text(value) for name, value in parameters.items()}
