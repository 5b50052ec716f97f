from dataclasses import FrozenInstanceError, asdict

import pytest

from warmbook.display.finding import finding_row
from warmbook.model.finding import Finding


def test_by_default_a_finding_stops_the_server_and_has_no_pitfall():
    found = Finding("gap", "what", "happens", "remedy")
    assert (found.severity, found.pitfall) == ("error", "")
    with pytest.raises(FrozenInstanceError):
        found.severity = "warning"


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_every_field_is_shown_and_recorded(severity):
    found = Finding("gap", "the what", "the happening", "the remedy", severity)
    row = finding_row(found)
    assert row.severity == severity
    assert all(text in repr(row) for text in ("the what", "the happening", "the remedy"))
    assert asdict(found)["remedy"] == "the remedy"
