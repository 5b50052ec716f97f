import pytest

from warmbook.__main__ import main
from warmbook.book import shipped


def test_copying_the_notebooks_twice_gives_the_same_result(tmp_path, capsys):
    mine = tmp_path / "a folder" / "mine"
    assert main(["notebooks", str(mine)]) == 0
    assert f"{len(shipped.files())} copied" in capsys.readouterr().out
    assert main(["notebooks", str(mine)]) == 0
    told = capsys.readouterr().out
    assert f"{len(shipped.files())} unchanged" in told
    assert f"lab '{mine}'" in told
    for name in shipped.files():
        assert (mine / name).read_bytes() == (shipped.folder() / name).read_bytes()


def test_a_changed_file_is_kept_and_named(tmp_path, capsys):
    main(["notebooks", str(tmp_path)])
    changed = tmp_path / "en" / "04_cluster.ipynb"
    changed.write_text("mine")
    capsys.readouterr()
    assert main(["notebooks", str(tmp_path)]) == 1
    assert str(changed) in capsys.readouterr().out
    assert changed.read_text() == "mine"


def test_one_language_in_the_readers_language(tmp_path, capsys):
    assert main(["notebooks", str(tmp_path), "--language", "es"]) == 0
    assert "copiados" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == [".warmbook.json", "es", "gym"]
    assert [p.name for p in (tmp_path / "gym").iterdir()] == ["es"]


def test_a_file_in_place_of_the_folder_or_a_parent_is_reported(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("mine")
    for folder in (file, file / "below"):
        assert main(["notebooks", str(folder)]) == 2
        told = capsys.readouterr().err
        assert str(folder) in told
        assert "→" in told
    assert file.read_text() == "mine"


@pytest.mark.parametrize("words", [[], [""], ["a", "b"]])
def test_a_wrong_use_copies_nothing(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["notebooks", *words])
    assert ended.value.code == 2
    assert not list(tmp_path.iterdir())
