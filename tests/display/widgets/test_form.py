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
