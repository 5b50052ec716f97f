"""The solver reads a card and nothing else; equal evidence is recognised as such."""

from warmbook.book.gym.attempt import Attempt
from warmbook.book.walkthrough import Walked
from warmbook.errors import WarmbookError
from warmbook.serving.guide_manifest import CONTAINER

from .solver import answer, evidence_of

REFUSED = "403 GET http://127.1.2.3:40{n}/storage/v1/b/models: {member} does not have {permission}"


def card(said="", log="", name="vllm-streamer-deployment-1-a", reason="", code=1, args=()):
    """Return the card of a server that ended, or of what a service answered."""
    container = {"name": CONTAINER, "image": "vllm/vllm-openai:v0.32.0", "args": [*args]}
    ended = {"terminated": {"exitCode": code, "reason": reason}}
    status = {"name": CONTAINER, "restartCount": 1, "lastState": ended}
    pod = {
        "metadata": {"name": name},
        "spec": {"nodeName": "n", "containers": [container]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }
    scheduled = {"reason": "Scheduled", "message": f"Successfully assigned vllm/{name} to n"}
    shown = ((), ()) if said else ((pod,), (scheduled,))
    walked = Walked("07", WarmbookError("stopped"), ())
    return Attempt(walked, said, *shown, log)._repr_html_()


def test_each_kind_of_evidence_gives_an_answer():
    off = "403 GET http://x: Cloud Storage has not been used in project 1 before or it is disabled."
    assert answer(card(said=off)) == "api-off"
    assert answer(card(said="Check failed: billing is on")) == "billing-off"
    assert answer(card(said="Connection refused")) == "unreachable"
    assert answer(card(log="error: unrecognized arguments: --a", code=2)) == "flag-removed"
    assert answer(card(log="Starting", code=137, reason="OOMKilled")) == "host-oom"
    assert answer(card(log="no such path", args=["--model=GS://b/m"])) == "scheme-uppercase"


def test_a_card_without_evidence_gives_no_answer():
    assert answer(card(log="Starting")) == ""
    assert answer(card(said="something else")) == ""


def test_names_and_addresses_of_one_rehearsal_are_no_evidence():
    first = card(log=REFUSED.format(n="01", member="x", permission="storage.buckets.get access"))
    again = card(
        log=REFUSED.format(n="02", member="x", permission="storage.buckets.get access"),
        name="vllm-streamer-deployment-2-b",
    )
    other = card(log=REFUSED.format(n="01", member="x", permission="storage.objects.get access"))
    assert evidence_of(first) == evidence_of(again)
    assert evidence_of(first) != evidence_of(other)
