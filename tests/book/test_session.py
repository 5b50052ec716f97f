import json
import multiprocessing
import os

import pytest

from warmbook.book import session
from warmbook.errors import RecordError
from warmbook.measure.runs.record import read


def first(project="p", target="google-cloud", rehearsal="", name="a"):
    where = {"project": project, "location": "us-central1", "host": "", "rehearsal": rehearsal}
    moment = "2026-11-29T14:11:05Z"
    return {"id": name, "target": target, "where": where, "began": moment, "ended": moment}


def clean(told):
    told["left"] = []


def test_a_session_goes_on_over_days_and_kernels(tmp_path):
    file = session.begin(tmp_path, first(name="one"), "02_project")
    assert session.begin(tmp_path, first(name="two"), "07_streaming") == file
    record = read(file)
    assert (record.id, record.interactive, record.left) == ("one", True, None)


@pytest.mark.parametrize(
    "other",
    [first(project="q"), first(target="rehearsal", rehearsal="http://127.0.0.1:1")],
)
def test_another_project_or_rehearsal_has_a_session_of_its_own_and_each_is_found_again(
    tmp_path, other
):
    one = session.begin(tmp_path, first(), "02_project")
    two = session.begin(tmp_path, other, "02_project")
    assert one != two
    assert session.begin(tmp_path, first(), "03_weights") == one
    assert session.begin(tmp_path, other, "03_weights") == two


def test_after_a_complete_cleanup_another_session_begins_but_not_with_the_cleanup_itself(tmp_path):
    file = session.begin(tmp_path, first(), "02_project")
    session.change(file, [clean])
    assert session.begin(tmp_path, first(), "10_cleanup") == file
    later = session.begin(tmp_path, first(), "02_project")
    assert later != file
    assert session.begin(tmp_path, first(), "03_weights") == later


def test_what_cleanup_left_keeps_the_session_open(tmp_path):
    file = session.begin(tmp_path, first(), "02_project")
    session.change(file, [lambda told: told.update(left=["cluster c"])])
    assert session.begin(tmp_path, first(), "02_project") == file


def test_the_record_is_readable_by_its_owner_only(tmp_path):
    file = session.begin(tmp_path / "runs" / "interactive", first(), "02_project")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 9}'])
def test_a_file_that_is_no_record_any_more_is_not_changed(tmp_path, content):
    file = session.begin(tmp_path, first(), "02_project")
    file.write_bytes(content)
    with pytest.raises(RecordError):
        session.change(file, [clean])
    assert file.read_bytes() == content
    assert session.begin(tmp_path, first(), "02_project") != file


def count(file, times):
    def one_more(told):
        told["versions"]["count"] = str(int(told["versions"].get("count", "0")) + 1)

    for _ in range(times):
        session.change(file, [one_more])


def test_concurrent_kernels_lose_no_entries(tmp_path):
    file = session.begin(tmp_path, first(), "02_project")
    several = multiprocessing.get_context("spawn")
    kernels = [several.Process(target=count, args=(file, 40)) for _ in range(3)]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join(60)
        assert kernel.exitcode == 0
    assert json.loads(file.read_text())["versions"]["count"] == "120"


def begin_and_tell(folder, told):
    told.put(str(session.begin(folder, first(), "02_project")))


def test_kernels_that_start_at_once_share_one_session(tmp_path):
    several = multiprocessing.get_context("spawn")
    told = several.Queue()
    kernels = [several.Process(target=begin_and_tell, args=(tmp_path, told)) for _ in range(3)]
    for kernel in kernels:
        kernel.start()
    files = {told.get(timeout=60) for _ in kernels}
    for kernel in kernels:
        kernel.join(60)
    assert len(files) == 1


def test_a_change_that_violates_the_schema_is_not_written(tmp_path):
    file = session.begin(tmp_path, first(), "02_project")
    before = file.read_bytes()
    with pytest.raises(ValueError, match="target"):
        session.change(file, [lambda told: told.update(target=5)])
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(OSError):
        session.begin(tmp_path / session.FOLDER, first(), "02_project")


def test_the_last_session_is_the_one_that_was_worked_in_last(tmp_path):
    assert session.last([tmp_path, tmp_path / "nowhere"]) is None
    folder = tmp_path / session.FOLDER
    one = session.begin(folder, first(), "02_project")
    two = session.begin(folder, first(project="q"), "02_project")
    os.utime(two, (1, 1))
    assert session.last([tmp_path / "nowhere", tmp_path]) == one.parent
