import errno
import os
import re
import subprocess
import sys

import pytest

from warmbook import files
from warmbook.cloud.availability import Offers
from warmbook.display.widgets.form import SettingsForm
from warmbook.display.widgets.topics import Topic
from warmbook.errors import SettingsError
from warmbook.settings import Settings
from warmbook.workbook import Workbook, dumped

ALL = ("project_id", "location", "model_uri", "gpu_count", "mode", "tensor_parallel_size")


def below(form, name):
    """Return what stands below a control, without what keeps names on a line."""
    return re.sub("<span style=[^>]*>|</span>", "", form._fields[name].below.value)


@pytest.fixture
def form(choices):
    return SettingsForm.choose(**{name: choices.get(name, "") for name in ALL}, language="en")


def test_a_valid_edit_is_saved_and_an_invalid_one_is_refused_where_it_is_typed(form):
    form.controls["location"].value = "europe-west4"
    assert form.settings.location == Workbook.open().draft({})["location"] == "europe-west4"
    assert form.saved
    form.controls["location"].value = "mars"
    assert not form.saved
    assert "enter a region" in below(form, "location")
    assert Workbook.open().draft({})["location"] == "europe-west4"
    with pytest.raises(SettingsError, match="location"):
        _ = form.settings


def test_contradicting_choices_are_marked_at_the_one_to_change(form):
    form.controls["tensor_parallel_size"].value = "2"
    assert "raise gpu_count" in below(form, "tensor_parallel_size")
    form.controls["gpu_count"].value = "2"
    assert form.saved


def test_without_choices_the_form_opens_and_lists_what_is_missing():
    form = SettingsForm.choose(project_id="", model_uri="")
    assert not form.saved
    with pytest.raises(SettingsError) as refused:
        _ = form.settings
    assert set(refused.value.fields) == {"project_id", "model_uri"}


def opened(**given):
    return SettingsForm.choose(**given, language="en")


def saved(*names):
    file = Workbook.open().saved()
    return tuple(file.get(name) for name in names)


def test_two_forms_at_once_save_only_what_was_changed_in_each(choices):
    first, second = opened(**choices, location=""), opened(concurrency="", gpu_count="")
    second.controls["gpu_count"].value = "2"
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


def test_a_field_that_is_emptied_is_no_choice_any_more_though_another_form_has_it(choices):
    opened(**choices, account="me@example.com")
    first, second = opened(account="", location=""), opened(account="", location="")
    first.controls["account"].value = ""
    second.controls["location"].value = "europe-west4"
    assert saved("location", "account") == ("europe-west4", None)


def test_opening_a_form_saves_no_default_and_nothing_of_the_environment(choices, monkeypatch):
    for name, value in choices.items():
        monkeypatch.setenv(f"WARMBOOK_{name.upper()}", value)
    form = SettingsForm.choose(every=True)
    assert form.saved
    assert not Workbook.open().path.exists()
    monkeypatch.setenv("WARMBOOK_PROJECT_ID", "other-project")
    form.controls["gpu_count"].value = "2"
    assert Workbook.open().saved() == {"gpu_count": 2}
    assert SettingsForm.choose().settings.project_id == "other-project"


def test_a_cleared_field_shows_the_effective_value_and_its_source(choices, monkeypatch):
    monkeypatch.setenv("WARMBOOK_LOCATION", "us-east4")
    form = opened(**choices, location="us-west1", cluster_name="mine", mode="standard", spot="true")
    shown = form.controls
    assert "WARMBOOK_LOCATION is us-east4" in below(form, "location")
    for name in ("location", "cluster_name", "mode", "spot"):
        shown[name].value = ""
    assert form.saved
    assert Workbook.open().saved() == choices
    assert (form.settings.location, form.settings.cluster_name) == ("us-east4", "run-ai-test")
    assert shown["location"].placeholder == "us-east4 (WARMBOOK_LOCATION)"
    assert shown["cluster_name"].placeholder == "run-ai-test (default)"
    assert (shown["mode"].label, shown["spot"].label) == ("autopilot (default)", "false (default)")
    origins = form.summary.origins
    assert [origins[n] for n in ("location", "cluster_name")] == ["environment", "default"]
    assert "WARMBOOK_LOCATION" not in below(form, "location")


NUMBERS = ("gpu_count", "max_model_len", "compare_minutes")


@pytest.mark.parametrize("typed", ["4k", "1.5", "1,5", "4 k", "1_000", "true", "nan", "٤k"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_keeps_every_character_and_is_refused_beside_its_field(choices, name, typed):
    form = opened(**choices, **dict.fromkeys(NUMBERS, ""))
    form.controls[name].value = typed
    assert form.controls[name].value == typed
    assert not form.saved
    assert "✗" in below(form, name)
    assert saved(name) == (None,)
    form.controls[name].value = " 4 "
    assert saved(name) == (4,)


def test_the_address_of_a_file_is_answered_with_its_folder_on_a_button(choices):
    form = opened(project_id="my-project", model_uri="gs://bucket/models/m/config.json")
    field = form._fields["model_uri"]
    assert "gs://bucket/models/m" in below(form, "model_uri")
    field.children[-1].click()
    assert form.controls["model_uri"].value == "gs://bucket/models/m"
    assert saved("model_uri") == ("gs://bucket/models/m",)
    assert field.children == (field.control, field.below)


@pytest.mark.parametrize("wrong", ["serverless", "maybe"])
def test_a_given_value_that_no_list_has_is_shown_and_refused(choices, wrong):
    form = opened(**choices, mode=wrong, spot=wrong)
    assert (form.controls["mode"].value, form.controls["spot"].value) == (wrong, wrong)
    assert "autopilot" in below(form, "mode")
    assert not form.saved


def test_what_is_shown_are_the_settings_among_the_names_of_a_notebook(choices):
    names = {"__name__": "x", "clients": object(), "replicas": "", "zone": object(), **choices}
    form = SettingsForm.choose({**names, "gpu_count": 2, "compare_usd": 1.5, "language": "en"})
    shown = ["project_id", "model_uri", "gpu_count", "replicas", "compare_usd"]
    assert list(form.controls) == shown
    assert Workbook.open().saved() == {**choices, "gpu_count": 2, "compare_usd": 1.5}


def test_every_setting_is_shown_where_that_is_asked_for(choices):
    form = SettingsForm.choose(choices, every=True)
    assert set(form.controls) == set(Settings.model_fields) - {"language"}
    assert list(form.controls)[:3] == ["project_id", "location", "model_uri"]


def topics(form):
    return [row for row in form._rows if isinstance(row, Topic)]


def test_topics_are_folded_with_the_number_of_choices(choices):
    form = SettingsForm.choose({**choices, "replicas": "2"}, every=True)
    assert not any(topic.button.value for topic in topics(form))
    (server,) = [topic for topic in topics(form) if "1 chosen" in topic.button.description]
    form.controls["concurrency"].value = "16"
    assert "2 chosen" in server.button.description
    assert not server.button.value


def test_a_topic_unfolds_for_a_refused_value_and_by_its_button(choices):
    form = SettingsForm.choose({**choices, "zone": "nowhere"}, every=True)
    (unfolded,) = [topic for topic in topics(form) if topic.button.value]
    assert form._fields["zone"] in unfolded._inside.children
    assert unfolded._inside.layout.display == ""
    unfolded.button.value = False
    assert unfolded._inside.layout.display == "none"


def test_a_form_with_few_settings_has_no_topics(form):
    assert topics(form) == []


def test_an_old_file_is_migrated_with_one_message(choices, settings):
    path = Workbook.open().path
    path.write_text(dumped({"version": 1, "settings": {**settings.model_dump(), "replicas": 2}}))
    form = opened(**choices)
    assert str(len(Settings.model_fields) - 3) in form._notice.value
    assert Workbook.open().saved() == {**choices, "replicas": 2}
    form.controls["project_id"].value = "my-project-2"
    assert form._notice.value
    assert opened(**choices)._notice.value == ""


def refusing(number):
    def refused(*_, **__):
        raise OSError(number, os.strerror(number))

    return refused


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_an_unwritable_file_is_reported_and_the_settings_can_be_used(choices, monkeypatch, number):
    form = opened(**choices, location="")
    with monkeypatch.context() as patch:
        patch.setattr(files.tempfile, "mkstemp", refusing(number))
        form.controls["location"].value = "us-east4"
        assert not form.saved
        assert os.strerror(number) in form._message.value
        assert 'role="alert"' in form._message.value
        assert form.settings.location == "us-east4"
        assert saved("location") == (None,)
    form.controls["location"].value = "us-west1"
    assert form.saved
    assert saved("location") == ("us-west1",)


def test_a_file_that_is_gone_is_written_anew_with_what_the_form_holds(choices):
    form = opened(**choices, location="")
    Workbook.open().path.unlink()
    form.controls["location"].value = "us-east4"
    assert Workbook.open().saved() == {**choices, "location": "us-east4"}


def test_a_folder_in_place_of_the_file_and_a_kept_lock_are_reported(choices, monkeypatch):
    form = opened(**choices, location="")
    path = Workbook.open().path
    monkeypatch.setattr(files, "LOCK_S", 0.05)
    with files.locked(path):
        form.controls["location"].value = "us-east4"
    assert "locked" in form._message.value
    path.unlink()
    path.mkdir()
    form.controls["location"].value = "us-east1"
    assert not form.saved
    assert "folder" in form._message.value
    assert form.settings.location == "us-east1"


def test_what_a_notebook_is_given_is_saved_when_its_form_opens_and_not_again(choices):
    opened(**choices, gpu_count="2")
    first, second = opened(gpu_count="1", location=""), opened(gpu_count="")
    assert saved("gpu_count") == (1,)
    second.controls["gpu_count"].value = "4"
    first.controls["location"].value = "europe-west4"
    assert saved("gpu_count", "location") == (4, "europe-west4")


def test_an_edit_that_contradicts_another_forms_is_refused_until_it_fits(choices):
    first = opened(**choices, gpu_count="2", tensor_parallel_size="", location="")
    second = opened(gpu_count="")
    second.controls["gpu_count"].value = "1"
    first.controls["tensor_parallel_size"].value = "2"
    assert not first.saved
    assert "raise gpu_count" in below(first, "tensor_parallel_size")
    assert saved("gpu_count", "tensor_parallel_size") == (1, None)
    second.controls["gpu_count"].value = "2"
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


def test_a_headless_run_gets_its_own_parameters(choices):
    form = SettingsForm.choose(**choices, gpu_count="2")
    assert form.settings.gpu_count == 2


def test_values_offered_by_the_cloud_can_be_picked_or_replaced(choices):
    offered = Offers({"location": ("us-central1", "us-east4")}, {"model_uri": "because <b>"})
    form = SettingsForm(Workbook.open(), {**choices, "location": ""}, offered)
    assert form.controls["location"].options == ("us-central1", "us-east4")
    form.controls["location"].value = "us-west1"
    assert form.settings.location == "us-west1"
    assert "because &lt;b&gt;" in below(form, "model_uri")


def test_the_summary_shows_the_source_of_each_choice(form):
    form.controls["location"].value = "europe-west4"
    text = repr(form.summary)
    assert form.summary.own == sum("(default)" not in line for line in text.splitlines()[1:])
    assert "location: europe-west4  (typed in the form)" in text
    assert "project_id: my-project  (notebook parameter)" in text
    assert "replicas: 1" in text


def test_without_widgets_the_choices_are_still_readable(form):
    bundle = form._repr_mimebundle_()
    assert "project_id = my-project" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
