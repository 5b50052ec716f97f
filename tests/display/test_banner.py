from warmbook.cloud.rehearsal import OF_REHEARSALS_ONLY
from warmbook.display.banner import connect


def test_the_banner_says_where_the_reader_is(settings, rehearsal, monkeypatch):
    clients = connect(settings)
    assert repr(clients) == "Rehearsal: nothing leaves this machine"
    assert clients.target == "rehearsal"
    for name in OF_REHEARSALS_ONLY:
        monkeypatch.delenv(name)
    clients = connect(settings)
    assert repr(clients) == "Google Cloud: my-project, this costs money"
    assert clients.target == "google-cloud"
