"""Whatever a value is called, it stays a value: in HTML, in YAML and in a shell line."""

import random
import re
import shlex
import subprocess
from html.parser import HTMLParser

import pytest
import yaml

from warmbook.book.gym import Grade, Hints
from warmbook.book.gym.rounds import Drawn, Round
from warmbook.book.script import script
from warmbook.cloud.availability import Offers
from warmbook.display.banner import ShownClients
from warmbook.display.card import Card, Row, folded
from warmbook.display.check import Passed
from warmbook.display.failure import Failure
from warmbook.display.progress import Progress
from warmbook.display.unbroken import unbroken
from warmbook.display.widgets.form import SettingsForm
from warmbook.doctor.preflight import Checkup, Examination
from warmbook.errors import Remedy, SettingsError, WarmbookError
from warmbook.serving import guide_manifest
from warmbook.serving.manifest import deployment
from warmbook.serving.shell_commands import gcloud, kubectl
from warmbook.settings import Settings
from warmbook.steps.cleanup import Deleted, Inventory, Resource
from warmbook.steps.identity import Named, Principal
from warmbook.workbook import Workbook

from ..figures import record

SEED = 20261123
CASES = 10_000
PIECES = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></table>", "<!--", "]]>"),
    *("'", '"', "`", "\\", "&", "&amp;", "&#60;", "\n", "\r", "\t", "\0", "\x1b[2J", "\u202e"),
    *("$(touch pwned)", "${HOME}", "$PATH", "`id`", "; rm -rf x", "| cat", "&& true", "> out", "*"),
    *("~", "!", "#", "%", "{", "}", "{0}", "{name}", ": ", "- ", "&anchor", "*alias", "!!python"),
    *("yes", "null", "0x10", "1e3", "--flag", "-x", "..", "/", "a", "model", "ñ", "模", "🙂", " "),
)


def nasty(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6)))


class Structure(HTMLParser):
    """The elements of a page and the names of their attributes, without any text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.text = [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        fixed = {name: value for name, value in attrs if name in ("style", "class", "onclick")}
        self.found.append((tag, sorted(name for name, _ in attrs), fixed))

    def handle_endtag(self, tag):
        self.found.append(("/", tag))

    def handle_comment(self, data):
        self.found.append(("comment",))

    def handle_decl(self, decl):
        self.found.append(("declaration",))

    def handle_data(self, data):
        self.text += data


class Plain(Card):
    def __init__(self, value):
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "command", value)

    def title(self):
        return self.value

    def rows(self):
        return (Row(self.value, self.value, "error"),)

    def note(self):
        return self.value


def pages(value):
    """Yield every kind of HTML that the library makes, with the value wherever it can stand."""
    yield Plain(value)._repr_html_()
    yield Passed(value)._repr_html_()
    yield Progress(value, value, 1.0, 10.0)._repr_html_()
    yield ShownClients(value, environ={})._repr_html_()
    yield folded(value, value)
    remedies = [Remedy("plain", value), Remedy("plain")]
    yield Failure(WarmbookError(value, why=value, remedies=remedies, pitfall=value))._repr_html_()
    line = Checkup("error", value, value, value, value, value)
    yield Examination(checkups=(line,), before=value)._repr_html_()
    yield Named(value, value, created=True)._repr_html_()
    yield Principal(value, value)._repr_html_()
    one = Resource(value, value, value)
    yield Inventory((one,), (one,), (value,))._repr_html_()
    yield Deleted((one,), (one,), (value,))._repr_html_()
    yield Grade(a_round(value), value, right=False, against=value)._repr_html_()
    in_a_row = f"1 {' '.join(value.splitlines())}"  # a hint has a row for each of its lines
    yield Hints((in_a_row, in_a_row))._repr_html_()


def a_round(value):
    drawn = Drawn(fault=value, what=value, pitfall="billing-off", mendable=False, found=True)
    return Round(level="easy", drawn=(drawn,))


def visible(text):
    """Return what a parser makes of a text: NUL and carriage returns change in any HTML."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def bare(page):
    """Return a page without the span that the library itself puts around a name with hyphens."""
    before, after = map(re.escape, unbroken("a-b").split("a-b"))
    return re.sub(f"{before}([^<>]*){after}", r"\1", page)


def spaced(text):
    """Return a text with plain spaces: a figure and its unit have one that breaks no line."""
    return text.replace("\u00a0", " ")


def test_no_value_adds_an_element_or_an_attribute_to_a_page():
    rng = random.Random(SEED)
    expected = [Structure(bare(page)).found for page in pages("plain")]
    cases = 0
    while cases < CASES:
        value = nasty(rng)
        for page, structure in zip(pages(value), expected, strict=True):
            assert Structure(bare(page)).found == structure, (value, page)
            cases += 1
        assert spaced(value) in spaced(Structure(bare(Plain(value)._repr_html_())).text)
    record("escaping: HTML", cases=cases, found=0, seed=SEED)


def accepted(rng, fields):
    """Return settings of which one field is nasty, or None where it is refused as it should."""
    name = rng.choice(fields)
    prefix = {"model_uri": "gs://bucket/", "model_source": ""}.get(name, "")
    given = {"project_id": "my-project", "model_uri": "gs://bucket/m", name: prefix + nasty(rng)}
    try:
        return Settings.parse(given)
    except SettingsError as error:
        assert name in error.fields or name in error.what
        return None


FIELDS = [
    name
    for name, field in Settings.model_fields.items()
    if field.annotation is str or name in ("model_uri", "model_source", "account")
]


def test_allowed_values_are_unchanged_by_yaml_and_shell(tmp_path):
    rng = random.Random(SEED)
    taken = refused = 0
    for _ in range(4000):
        chosen = accepted(rng, FIELDS)
        if chosen is None:
            refused += 1
            continue
        taken += 1
        manifest = deployment(chosen, None)
        assert yaml.safe_load(guide_manifest.to_yaml(manifest)) == manifest
        args = manifest["spec"]["template"]["spec"]["containers"][0]["args"]
        assert f"--model={chosen.model_uri}" in args
        assert f"{chosen.model_uri}/" in shlex.split(gcloud.list_weights(chosen))
    assert taken > 300 and refused > 300
    record("escaping: YAML and shell", cases=taken + refused, found=0, seed=SEED)


def test_bash_executes_no_part_of_a_value(tmp_path):
    rng = random.Random(SEED)
    ran = 0
    while ran < 60:
        chosen = accepted(rng, ["model_uri"])
        if chosen is None:
            continue
        ran += 1
        stub = 'gcloud() { printf "%s\\0" "$@"; }; kubectl() { :; }\n'
        said = subprocess.run(
            ["bash", "-c", stub + gcloud.list_weights(chosen)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert said.returncode == 0, said.stderr
        assert said.stdout.split("\0")[-2] == f"{chosen.model_uri}/"
        checked = subprocess.run(["bash", "-n"], input=script(chosen), text=True, timeout=20)
        assert checked.returncode == 0
        deploy = stub + kubectl.deploy(chosen, None)
        subprocess.run(["bash", "-c", deploy], cwd=tmp_path, check=True, timeout=20)
        (file,) = tmp_path.iterdir()
        assert yaml.safe_load(file.read_text()) == deployment(chosen, None)
        file.unlink()
    record("escaping: bash", cases=ran, found=0, seed=SEED)


def test_a_refused_value_is_shown_in_the_form_as_text(tmp_path):
    value = '<img src=x onerror="alert(1)">'
    given = {"project_id": value, "location": value, "model_uri": value}
    form = SettingsForm(Workbook(tmp_path / "workbook.yaml"), given, Offers())
    shown = form._repr_mimebundle_()["text/html"]
    shown += form._message.value
    shown += "".join(field.below.value for field in form._fields.values())
    assert "<img" not in shown
    assert "&lt;img" in shown


@pytest.mark.parametrize("value", ["\x1b]0;pwned\x07", "a\nb", "{what}", "%s", "$(id)"])
def test_an_error_is_the_same_text_whatever_is_in_it(value):
    error = WarmbookError(value, remedy=value)
    assert str(error) == f"{value}\n  → {value}"
