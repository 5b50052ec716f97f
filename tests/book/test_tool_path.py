import os

from warmbook.book.tool_path import with_tools


def program(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return folder


def test_the_interpreters_folder_comes_first_and_stands_once(tmp_path):
    own = tmp_path / "own"
    path = with_tools("/usr/bin", own, usual=())
    assert path.split(os.pathsep) == [str(own), "/usr/bin"]
    assert with_tools(path, own, usual=()) == path


def test_gcloud_is_found_in_its_usual_folder(tmp_path):
    sdk = program(tmp_path / "google-cloud-sdk" / "bin", "gcloud")
    path = with_tools(str(tmp_path), tmp_path / "own", usual=(str(tmp_path / "no"), str(sdk)))
    assert path.split(os.pathsep)[-1] == str(sdk)


def test_a_gcloud_on_the_path_is_kept(tmp_path):
    mine = program(tmp_path / "mine", "gcloud")
    sdk = program(tmp_path / "sdk", "gcloud")
    path = with_tools(str(mine), tmp_path / "own", usual=(str(sdk),))
    assert str(sdk) not in path.split(os.pathsep)
