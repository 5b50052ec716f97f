"""The search for faults of accessibility finds those of a part, and no others."""

import pytest

from .accessibility import faults

pytestmark = pytest.mark.browser


def test_a_grave_fault_inside_is_found_and_none_outside(browser):
    page = browser.new_page()
    page.set_content("<img src='x.png'><p class='ours'>words<img src='x.png'></p>")
    assert [fault.partition(":")[0] for fault in faults(page, ".ours")] == ["image-alt"]
    page.close()
