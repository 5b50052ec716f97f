"""What `warmbook manifest` prints instead of the Deployment: one thing at a time."""

import pytest

from warmbook.__main__ import main


@pytest.mark.parametrize("other", ["--comparison", "--autoscaling"])
def test_two_manifests_at_once_are_refused(other, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["manifest", "--as-in-the-guide", other])
    assert refused.value.code == 2
    assert other in capsys.readouterr().err
