"""`warmbook diagnose` of saved files without a server: the error names what was read."""

import pytest

from warmbook.__main__ import main


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"no server\n"])
def test_a_log_in_which_no_server_starts_is_named(tmp_path, capsys, content):
    (log := tmp_path / "saved.log").write_bytes(content)
    assert main(["diagnose", "--log", str(log)]) == 2
    assert str(log) in capsys.readouterr().err
