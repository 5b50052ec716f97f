import subprocess
import sys

import pytest

from warmbook.cloud.availability import Offers
from warmbook.display.widgets.form import SettingsForm
from warmbook.errors import SettingsError
from warmbook.workbook import Workbook

ALL = ("project_id", "location", "model_uri", "gpu_count", "mode", "tensor_parallel_size")


@pytest.fixture
def form(choices):
    return SettingsForm.choose(**{name: choices.get(name, "") for name in ALL}, language="en")


def test_a_valid_edit_is_saved_and_an_invalid_one_is_refused_where_it_is_typed(form):
    form.controls["location"].value = "europe-west4"
    assert form.settings.location == Workbook.open().draft({})["location"] == "europe-west4"
    assert form.saved
    form.controls["location"].value = "mars"
    assert not form.saved
    assert "write a region" in form._beside["location"].value
    assert Workbook.open().draft({})["location"] == "europe-west4"
    with pytest.raises(SettingsError, match="location"):
        _ = form.settings


def test_contradicting_choices_are_marked_at_the_one_to_change(form):
    form.controls["tensor_parallel_size"].value = 2
    assert "raise gpu_count" in form._beside["tensor_parallel_size"].value
    form.controls["gpu_count"].value = 2
    assert form.saved


def test_with_nothing_chosen_the_form_opens_and_says_what_is_missing():
    form = SettingsForm.choose(project_id="", model_uri="")
    with pytest.raises(SettingsError) as refused:
        _ = form.settings
    assert set(refused.value.fields) == {"project_id", "model_uri"}


def opened(**given):
    return SettingsForm.choose(**given, language="en")


def saved(*names):
    return tuple(Workbook.open().draft({})[name] for name in names)


def test_two_forms_at_once_save_only_what_was_changed_in_each(choices):
    first, second = opened(**choices, location=""), opened(concurrency="", gpu_count="")
    second.controls["gpu_count"].value = 2
    first.controls["location"].value = "europe-west4"
    second.controls["concurrency"].value = "32"
    assert saved("location", "gpu_count", "concurrency") == ("europe-west4", 2, 32)
    assert saved("project_id", "model_uri") == tuple(choices.values())


def test_of_two_forms_with_one_field_the_later_edit_is_saved_and_stays(choices):
    first, second = (opened(**choices, location="", cluster_name="") for _ in range(2))
    first.controls["location"].value = "europe-west4"
    second.controls["location"].value = "us-east4"
    first.controls["cluster_name"].value = "mine"
    assert saved("location", "cluster_name") == ("us-east4", "mine")
    assert first.settings.location == "europe-west4"  # a notebook's own settings stay its own


def test_a_field_that_is_emptied_is_saved_though_another_form_has_it(choices):
    opened(**choices, account="me@example.com")
    first, second = opened(account="", location=""), opened(account="", location="")
    first.controls["account"].value = ""
    second.controls["location"].value = "europe-west4"
    assert saved("location") == ("europe-west4",)
    assert Workbook.open().saved()["account"] == ""


def test_what_a_notebook_is_given_is_saved_when_its_form_opens_and_not_again(choices):
    opened(**choices, gpu_count="2")
    first, second = opened(gpu_count="1", location=""), opened(gpu_count="")
    assert saved("gpu_count") == (1,)
    second.controls["gpu_count"].value = 4
    first.controls["location"].value = "europe-west4"
    assert saved("gpu_count", "location") == (4, "europe-west4")


def test_an_edit_that_contradicts_another_forms_is_refused_until_it_fits(choices):
    first = opened(**choices, gpu_count="2", tensor_parallel_size="", location="")
    second = opened(gpu_count="")
    second.controls["gpu_count"].value = 1
    first.controls["tensor_parallel_size"].value = 2
    assert not first.saved
    assert "raise gpu_count" in first._beside["tensor_parallel_size"].value
    assert saved("gpu_count", "tensor_parallel_size") == (1, 1)
    second.controls["gpu_count"].value = 2
    first.controls["location"].value = "europe-west4"
    assert saved("gpu_count", "tensor_parallel_size", "location") == (2, 2, "europe-west4")


FIELD = """
import sys
from warmbook.display.widgets.form import SettingsForm

name, values = sys.argv[1], sys.argv[2:]
form = SettingsForm.choose(**{name: values[0]})
print(flush=True)
sys.stdin.readline()
for value in values:
    form.controls[name].value = value
assert form.saved
"""


@pytest.mark.slow
def test_forms_of_several_kernels_lose_no_edit(choices):
    opened(**choices)
    edits = {name: [f"{name[:4]}-{n}" for n in range(15)] for name in ("namespace", "cluster_name")}
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", FIELD, name, *values],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, values in edits.items()
    ]
    for kernel in kernels:
        kernel.stdout.readline()
    for kernel in kernels:
        kernel.stdin.write("\n")
        kernel.stdin.flush()
    assert [kernel.wait(60) for kernel in kernels] == [0, 0]
    assert saved(*edits) == tuple(values[-1] for values in edits.values())
    assert saved("project_id", "model_uri") == tuple(choices.values())


def test_a_headless_run_gets_what_it_gave(choices):
    form = SettingsForm.choose(**choices, gpu_count="2")
    assert form.settings.gpu_count == 2


def test_what_the_cloud_offers_can_be_picked_or_overruled(choices):
    offered = Offers({"location": ("us-central1", "us-east4")}, {"model_uri": "because <b>"})
    form = SettingsForm(Workbook.open(), {**choices, "location": ""}, offered)
    assert form.controls["location"].options == ("us-central1", "us-east4")
    form.controls["location"].value = "us-west1"
    assert form.settings.location == "us-west1"
    assert "because &lt;b&gt;" in form._beside["model_uri"].value


def test_the_summary_tells_where_each_choice_comes_from(form):
    form.controls["location"].value = "europe-west4"
    text = repr(form.summary)
    assert "location: europe-west4  (typed above)" in text
    assert "project_id: my-project  (given to this notebook)" in text
    assert "replicas: 1" in text


def test_without_widgets_the_choices_are_still_readable(form):
    bundle = form._repr_mimebundle_()
    assert "project_id = my-project" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
