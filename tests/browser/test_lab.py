"""What a reader does in JupyterLab, and what they see."""

import re

import pytest
from playwright.sync_api import expect

from .accessibility import faults, faults_of_results

WALKED = (
    "02_project",
    "03_weights",
    "04_cluster",
    "05_identity",
    "06_server",
    "07_streaming",
)
IMPORTS, SETTINGS = 1, 3
"""Places of code cells in notebook 02: the imports, and the first that needs the form."""
RESTART = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"""
RUN = """number => {
  const notebook = window.jupyterapp.shell.currentWidget.content
  const cells = notebook.widgets.map((cell, at) => [cell.model.type, at])
  notebook.activeCellIndex = cells.filter(([type]) => type === 'code')[number][1]
  notebook.deselectAll()
  return window.jupyterapp.commands.execute('notebook:run-cell')
}"""
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_form_takes_choices_and_refuses_wrong_ones_where_they_are_typed(lab, language):
    lab.open(f"notebooks/{language}/01_settings.ipynb")
    lab.run_all()
    banner = {"en": "Rehearsal: nothing leaves this machine", "es": "Ensayo: nada sale"}[language]
    assert banner in lab.text()
    form = lab.page.locator(".warmbook-form")
    lab.scroll_to(form)
    expect(form.locator("input").nth(10)).to_be_attached()
    expect(lab.page.get_by_text("Loading widget")).to_have_count(0)

    place = form.get_by_label({"en": "location", "es": "ubicación"}[language])
    place.fill("mars")
    place.press("Tab")
    form.get_by_role("alert").wait_for()
    lab.picture(f"form-refused-{language}")

    place.fill("us-east4")
    place.press("Tab")
    form.get_by_role("status").wait_for()
    for dark in (False, True):
        lab.theme(dark)
        lab.scroll_to(form)
        lab.picture(f"form-{language}-{'dark' if dark else 'light'}")
        assert faults(lab.page, ".warmbook-form") == []
    lab.theme(dark=False)

    place.fill("us-central1")
    place.press("Tab")
    form.get_by_role("status").wait_for()
    lab.run_all()
    assert lab.outside == []


def test_a_number_keeps_what_was_typed_and_a_folder_is_taken_by_its_button(lab):
    lab.open("notebooks/en/01_settings.ipynb")
    lab.run_all()
    form = lab.page.locator(".warmbook-form")
    longest = form.get_by_label("max model length")
    expect(longest).to_be_attached()
    expect(longest).to_be_hidden()
    topic = form.get_by_role("button", name="Inference server")
    topic.press("Enter")  # by keyboard; a cell that is still drawn may take the focus away
    longest.wait_for()
    longest.fill("4k")
    longest.press("Tab")
    form.get_by_role("alert").wait_for()
    expect(longest).to_have_value("4k")
    longest.fill("")
    longest.press("Tab")
    form.get_by_role("status").wait_for()
    expect(longest).to_have_attribute("placeholder", "4096 (default)")

    model = form.get_by_label("model address")
    before = model.input_value()
    model.fill("gs://rehearsal-project-models/tiny/config.json")
    model.press("Tab")
    form.get_by_role("button", name="gs://rehearsal-project-models/tiny").click()
    form.get_by_role("status").wait_for()
    expect(model).to_have_value("gs://rehearsal-project-models/tiny")
    model.fill(before)
    model.press("Tab")
    form.get_by_role("status").wait_for()


def test_values_offered_by_the_cloud_can_be_picked(lab):
    # regions come from Compute Engine's API, which notebook 02 turns on in a new project
    for name in ("01_settings", "02_project", "01_settings"):
        lab.open(f"notebooks/en/{name}.ipynb")
        lab.run_all(timeout_s=240)
    options = lab.page.locator(".warmbook-form datalist option")
    options.first.wait_for(state="attached")
    offered = options.evaluate_all("all => all.map(one => one.value || one.dataset.value)")
    assert "us-central1" in offered
    assert any(value.startswith("gs://") for value in offered)


def test_the_guide_runs_in_the_browser_and_shows_the_stream(lab):
    for name in WALKED:
        lab.open(f"notebooks/en/{name}.ipynb")
        lab.run_all(timeout_s=240)
        assert lab.page.locator(".jp-mod-error").count() == 0, lab.text()[-3000:]
        assert '"output_type":"error"' not in lab.text(), lab.text()[-3000:]
        assert faults_of_results(lab) == [], name
    the_start_is_pictured(lab)
    assert "GiB/s" in lab.text()
    assert "wb-picture" in lab.text()
    assert "quick engine" in lab.text() or "Tokyo" in lab.text()
    the_reader_plays(lab)
    lab.open("notebooks/en/10_cleanup.ipynb")
    lab.run_all(timeout_s=120)
    assert '"output_type":"error"' not in lab.text(), lab.text()[-3000:]
    assert lab.outside == []


def the_start_is_pictured(lab):
    """Keep the cold start's phases as the README shows them, in a window as wide as they are."""
    lab.page.set_viewport_size({"width": 980, "height": 1150})
    lab.show("Break down the cold start")
    phases = lab.page.locator("figure.wb-picture", has_text="seconds").first
    for dark in (False, True):
        lab.theme(dark)
        lab.picture_of(f"start-{'dark' if dark else 'light'}", phases)
    lab.theme(dark=False)


def the_reader_plays(lab):
    """Move a slider by keyboard and send a prompt, in a notebook that has both."""
    slider = lab.page.get_by_role("slider", name="network (Gbps)")
    lab.scroll_to(slider)
    slider.focus()
    slider.press("Home")
    told = lab.page.locator(".wb-said [aria-live=polite]")
    told.filter(has_text="The limit is the network (1 Gbps)").wait_for()
    read = told.inner_text().replace("\u00a0", " ")
    size = re.search(r"([\d.]+ MiB) of weights load", read)[1]
    assert f"You measured a load: {size}" in read  # the model's own to the byte
    lab.picture("explorer")
    send = lab.page.get_by_role("button", name="Send")
    lab.scroll_to(send)
    temperature = lab.page.get_by_label("temperature").last  # the form above has one too
    temperature.fill("1,5")
    temperature.press("Tab")
    send.click()
    lab.page.get_by_role("status").filter(has_text="temperature: write a number").wait_for()
    temperature.fill("0.5")
    temperature.press("Tab")
    send.click()
    answer = re.compile("answers no chat|time to first token")
    lab.page.get_by_role("status").filter(has_text=answer).wait_for()
    lab.picture("prompt-box")


def test_a_cards_command_is_copied_by_its_button(lab):
    lab.open("notebooks/en/02_project.ipynb")
    lab.run_all()
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card = lab.page.locator("details", has_text="gcloud services enable").first
    lab.scroll_to(card)
    card.locator("summary").click()
    button = card.locator("input[type=button]")
    expect(button).to_have_value("Copy")
    for dark in (False, True):
        lab.theme(dark)
        lab.scroll_to(card)
        lab.page.wait_for_timeout(500)
        lab.picture(f"command-{'dark' if dark else 'light'}")
    lab.theme(dark=False)
    button.click()
    expect(button).to_have_value("✔ Copied")
    copied = lab.page.evaluate("navigator.clipboard.readText()")
    shown = card.locator("pre").inner_text()
    assert copied.strip() == shown.strip()
    assert shown.startswith("gcloud services enable serviceusage.googleapis.com")


def test_an_error_is_a_card_whose_link_opens_within_jupyterlab(lab):
    from nbformat import v4, write

    code = """
from warmbook.display.check import check
import warmbook; warmbook.check
remedy = "run `gcloud info`"
check(False, "it works", remedy=remedy, pitfall="api-off")
"""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    # the page of the clone, which this server does not show, has no link
    write(v4.new_notebook(cells=[v4.new_code_cell(code)], metadata=kernel), lab.folder / "e.ipynb")
    lab.open("e.ipynb")
    lab.run_all()
    card = lab.page.get_by_role("alert")
    assert card.locator("pre").inner_text() == "gcloud info"
    expect(card.locator("a")).to_have_count(0)
    assert "api-off" in card.inner_text()
    assert lab.errors().inner_text().strip() == "✗ Check failed: it works"
    for dark in (False, True):
        lab.theme(dark)
        lab.scroll_to(card)
        lab.picture(f"error-{'dark' if dark else 'light'}")
    lab.theme(dark=False)
    assert faults_of_results(lab) == []

    # where the server shows the page, a click opens it
    page = lab.folder / "docs" / "troubleshooting.md"
    page.parent.mkdir()
    page.write_text("# One\n\n### api-off\n\nTwo\n")
    shown = f"""
from pathlib import Path
from warmbook.display import guide_link
guide_link.CLONE = Path({str(lab.folder)!r})
"""
    cells = [v4.new_code_cell(shown + code)]
    write(v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "notebooks" / "e.ipynb")
    lab.open("notebooks/e.ipynb")
    lab.run_all()
    lab.page.get_by_role("alert").locator("a").click()
    opened = lab.page.locator(".jp-MarkdownViewer:visible")
    opened.get_by_role("heading", name="api-off").wait_for()


def test_a_cell_run_first_after_a_restart_asks_to_run_the_cells_above(lab):
    lab.open("notebooks/en/02_project.ipynb")
    lab.run_all()
    lab.page.evaluate(RESTART)
    cells = lab.page.locator(".jp-CodeCell")
    for number in (IMPORTS, SETTINGS):
        lab.page.evaluate(RUN, number)
    card = cells.nth(SETTINGS).get_by_role("alert")
    card.wait_for()
    assert "«form»" in card.inner_text()
    assert "Traceback" not in cells.nth(SETTINGS).inner_text()


def test_untrusted_notebooks_show_no_button_without_effect(lab):
    from nbformat import v4, write

    from warmbook.display.card import folded

    html = v4.new_output("display_data", data={"text/html": folded("By hand", "gcloud info")})
    cell = v4.new_code_cell("1", outputs=[html])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = v4.new_notebook(cells=[cell], metadata=kernel)
    write(book, lab.folder / "notebooks" / "untrusted.ipynb")
    lab.open("notebooks/untrusted.ipynb")
    details = lab.page.locator("details", has_text="gcloud info")
    details.locator("summary").click()
    expect(details.locator("pre")).to_be_visible()
    expect(lab.page.locator("input[value=Copy]:visible")).to_have_count(0)


def test_prices_are_no_formula(lab):
    lab.open("notebooks/en/03_weights.ipynb")
    lab.run_all()
    lab.scroll_to(lab.page.get_by_role("heading", name="Check the GPU memory"))
    lab.page.wait_for_timeout(800)
    card = lab.page.locator("td", has_text="Spot").last
    lab.scroll_to(card)
    expect(card).to_contain_text("$1.15, Spot $0.69")
