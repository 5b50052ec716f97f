"""What is written of a claim: at once, whole, and with the target that it was asked of."""

import json

import pytest
from pydantic import ValidationError

from warmbook.errors import SettingsError
from warmbook.live.evidence import FILE, Evidence, read


def test_each_claim_is_in_the_file_as_soon_as_it_is_known(tmp_path):
    evidence = Evidence(tmp_path / "new", "google-cloud")
    evidence.expect(["a", "b"])
    assert [one.status for one in read(tmp_path / "new")] == ["not-reached", "not-reached"]
    evidence.note("b", "refuted", {"status": 200})
    first, second = json.loads((tmp_path / "new" / FILE).read_text())
    assert (first["id"], first["status"]) == ("a", "not-reached")
    assert {name: second[name] for name in ("id", "status", "found", "target")} == {
        "id": "b",
        "status": "refuted",
        "found": {"status": 200},
        "target": "google-cloud",
    }
    assert second["when"].endswith("Z")


def test_no_other_status_and_no_other_target_is_evidence(tmp_path):
    with pytest.raises(ValidationError):
        Evidence(tmp_path, "google-cloud").note("a", "perhaps", {})
    with pytest.raises(ValidationError):
        Evidence(tmp_path, "elsewhere").note("a", "confirmed", {})


def test_a_folder_that_cant_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=FILE):
        Evidence(tmp_path / "file", "rehearsal").expect(["a"])
