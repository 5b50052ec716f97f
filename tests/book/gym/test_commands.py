from itertools import takewhile

from warmbook.book.gym.commands import COMMANDS

from ...documents import ROOT

OWN = ("my-project", "run-ai-test")
DAYS = ROOT / "tests" / "agreement" / "days"


def test_each_command_names_the_readers_own_resources(settings):
    for of in COMMANDS.values():
        for command in of(settings):
            assert command.startswith(("gcloud ", "kubectl "))
            own = (settings.project_id, settings.bucket_name, settings.namespace)
            assert any(name in command for name in own)


def test_each_gcloud_command_is_one_that_the_genuine_gcloud_runs_in_a_rehearsal(settings):
    days = "\n".join(path.read_text() for path in DAYS.glob("*.txt"))
    for of in COMMANDS.values():
        for command in of(settings):
            if command.startswith("gcloud"):
                assert f"$ {' '.join(verb(command))} " in days, command


def verb(command):
    """Return the words of a command up to its resource or its first option."""
    words = takewhile(lambda word: not word.startswith("-"), command.split())
    return [word for word in words if word not in OWN and "://" not in word]
