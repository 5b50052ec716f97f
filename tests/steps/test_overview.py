import re
from pathlib import Path

import pytest

from warmbook import texts
from warmbook.steps import cluster, overview

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def test_the_bar_leads_to_every_notebook_and_marks_this_one():
    there = tuple(path.stem for path in sorted((NOTEBOOKS / "en").glob("*.ipynb")))
    assert there == overview.NOTEBOOKS
    page = overview.Overview("04", "Google Cloud: p", False, ())._repr_html_()
    assert re.findall(r'href="([^"]+)\.ipynb"', page) == list(there)
    assert re.findall(r'href="([^"]+)" aria-current="step"', page) == ["04_cluster.ipynb"]


def test_the_notebooks_are_named_in_the_readers_language():
    texts.speak("es")
    page = overview.Overview("04", "Google Cloud: p", False, ())._repr_html_()
    assert 'href="10_cleanup.ipynb"' in page and ">10 limpieza</a>" in page


@pytest.mark.parametrize(
    ("billed", "told"), [(None, "unknown"), ((), "no cluster"), (("cluster a",), "cluster a")]
)
def test_billed_resources_and_unknown_ones_are_listed(billed, told):
    assert told in overview.Overview("10", "x", False, billed).costs
    assert "10 " in repr(overview.Overview("10", "x", False, billed))


def test_names_of_resources_are_no_markup():
    page = overview.Overview("01", "<b>", False, ("<script>",))._repr_html_()
    assert "<script" not in page and "<b><b>" not in page


def test_a_cluster_is_billed_from_its_creation_on(chosen, clients, quiet, up_to):
    up_to("project")
    assert overview.here(chosen, clients, "04").billed == ()
    cluster.create(chosen, clients, **quiet)
    (first, *_) = overview.here(chosen, clients, "05").billed
    assert chosen.cluster_name in first and chosen.location in first


def test_without_the_api_nothing_is_billed(chosen, clients):
    assert overview.here(chosen, clients, "02").billed == ()
