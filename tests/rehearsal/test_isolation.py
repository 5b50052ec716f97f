"""Nothing in a rehearsal finds real credentials, and nothing reaches beyond this machine.

The genuine libraries run in a process whose surroundings are full of traps.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from warmbook_rehearsal import environment
from warmbook_rehearsal.isolation import INDEXES, NOBODY, no_way_out

from ..install.connect_proxy import ConnectProxy

TRAP = "trap-0123456789"

WATCH = """
import atexit, json, os, socket
dialled = set()
def watched(function):
    def call(self, address, *more):
        if isinstance(address, tuple):
            dialled.add(address[0])
        return function(self, address, *more)
    return call
socket.socket.connect = watched(socket.socket.connect)
socket.socket.connect_ex = watched(socket.socket.connect_ex)
looked_up = socket.getaddrinfo
def getaddrinfo(host, *more, **named):
    dialled.add(host)
    return looked_up(host, *more, **named)
socket.getaddrinfo = getaddrinfo
atexit.register(lambda: open(os.environ["DIALLED"], "w").write(json.dumps(sorted(dialled))))
"""
"""As sitecustomize: keeps every address that Python's own sockets dial or look up."""


class Metadata(BaseHTTPRequestHandler):
    """A machine's metadata server, whose token would be found."""

    def do_GET(self):
        self.server.asked.append(self.path)
        body = json.dumps({"access_token": TRAP, "expires_in": 3600, "token_type": "Bearer"})
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def metadata():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def traps(metadata, tmp_path, monkeypatch):
    """Real credentials, as libraries would find them, wherever one looks."""
    home = tmp_path / "home"
    adc = json.dumps(
        {
            "type": "authorized_user",
            **dict.fromkeys(("client_id", "client_secret", "refresh_token", "token"), TRAP),
            "expiry": "2099-01-01T00:00:00Z",
            "quota_project_id": TRAP,
        }
    )
    for place in ("gcloud", ".config/gcloud"):
        (home / place).mkdir(parents=True)
        (home / place / "application_default_credentials.json").write_text(adc)
    (home / ".cache/huggingface").mkdir(parents=True)
    for place in (".cache/huggingface/token", "hub-token", "boto", ".boto"):
        (home / place).write_text(f"[Credentials]\ngs_oauth2_refresh_token = {TRAP}\n")
    address = f"127.0.0.1:{metadata.server_port}"
    for name, value in {
        "HOME": home,
        "CLOUDSDK_CONFIG": home / "gcloud",
        "GOOGLE_APPLICATION_CREDENTIALS": home / "gcloud/application_default_credentials.json",
        "GOOGLE_CLOUD_QUOTA_PROJECT": TRAP,
        "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "trap.example",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": home / "boto",
        "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT": f"{TRAP}@example.com",
        "GCE_METADATA_HOST": address,
        "GCE_METADATA_ROOT": address,
        "GCE_METADATA_IP": address,
        "HF_TOKEN": TRAP,
        "HUGGING_FACE_HUB_TOKEN": TRAP,
        "HF_TOKEN_PATH": home / "hub-token",
        "BOTO_CONFIG": home / "boto",
        "BOTO_PATH": home / "boto",
    }.items():
        monkeypatch.setenv(name, str(value))


@pytest.fixture
def inside(traps, rehearsal, tmp_path):
    """Run Python in the environment of a rehearsal's command; return what it printed, as JSON."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WATCH)
    dialled = tmp_path / "dialled"
    given = {
        **environment.of_command(rehearsal.inner),
        "PYTHONPATH": str(tmp_path / "site"),
        "DIALLED": str(dialled),
    }

    def run(script, **more):
        words = [sys.executable, "-c", script]
        done = subprocess.run(words, env={**given, **more}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        run.dialled = set(json.loads(dialled.read_text()))
        run.environ = given
        return json.loads(done.stdout)

    return run


def test_application_default_credentials_are_the_rehearsals(inside, rehearsal, metadata):
    told = inside(
        """
import google.auth, json, requests, os
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import storage
held, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
held.refresh(Request())
url = os.environ["WARMBOOK_REHEARSAL_URL"]
seen = AuthorizedSession(held).get(f"{url}/v3/projects/{project}").json()
buckets = [bucket.name for bucket in storage.Client(credentials=held).list_buckets()]
print(json.dumps([held.token, held.quota_project_id, seen["projectId"], buckets]))
"""
    )
    token = rehearsal.inner.token
    assert told == [token, None, "rehearsal-project", ["rehearsal-project-models"]]
    assert inside.dialled == {"127.0.0.1"}
    assert metadata.asked == []


def test_a_sign_in_that_ended_gives_no_access_token(inside, rehearsal):
    rehearsal.call(lambda: setattr(rehearsal.inner.callers, "token", "another"))
    told = inside(
        """
import google.auth, json
from google.auth.transport.requests import Request
held, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
try:
    held.refresh(Request())
except google.auth.exceptions.GoogleAuthError as error:
    print(json.dumps([type(error).__name__, "invalid_grant" in str(error), held.token]))
"""
    )
    assert told == ["OAuthError", True, None]
    assert inside.dialled == {"127.0.0.1"}


def test_gkes_own_client_reaches_nothing_over_grpc(inside):
    (kind, text) = inside(
        """
import google.auth, json
from google.cloud import container_v1
_, project = google.auth.default()
client = container_v1.ClusterManagerClient()
try:
    client.list_clusters(parent=f"projects/{project}/locations/-", retry=None, timeout=20)
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""
    )
    assert kind == "ServiceUnavailable"
    assert NOBODY in text  # gRPC's sockets are not Python's: it says itself whom it dialled
    assert inside.dialled <= {"127.0.0.1"}


def test_gkes_own_client_reaches_nothing_over_rest(inside):
    told = inside(
        """
import json, time
from google.cloud import container_v1
start = time.monotonic()
try:
    container_v1.ClusterManagerClient(transport="rest").list_clusters(
        parent="projects/p/locations/-"
    )
except Exception as error:
    print(json.dumps([type(error).__name__, time.monotonic() - start]))
"""
    )
    assert told[0] == "ProxyError"
    assert told[1] < 10
    assert inside.dialled == {"127.0.0.1"}


def test_gkes_own_client_at_the_rehearsals_address_sees_its_clusters(inside, rehearsal):
    services = rehearsal.inner.cloud.project.services
    rehearsal.call(lambda: services.add("container.googleapis.com"))
    told = inside(
        """
import json, os
from google.cloud import container_v1
where = {"api_endpoint": os.environ["WARMBOOK_REHEARSAL_URL"]}
client = container_v1.ClusterManagerClient(transport="rest", client_options=where)
seen = client.list_clusters(parent="projects/rehearsal-project/locations/-")
print(json.dumps(len(seen.clusters)))
"""
    )
    assert told == 0
    assert inside.dialled == {"127.0.0.1"}


def test_the_metadata_server_is_not_found(inside, metadata):
    told = inside(
        """
import json
from google.auth.compute_engine import _metadata
from google.auth.transport.requests import Request
print(json.dumps(_metadata.ping(Request(), timeout=2, retry_count=1)))
"""
    )
    assert told is False
    assert metadata.asked == []
    assert inside.dialled == {"127.0.0.1"}


def test_without_the_rehearsals_own_variable_no_credentials_are_found(inside):
    told = inside(
        """
import google.auth, json
try:
    found = google.auth.default()[0].token
except google.auth.exceptions.DefaultCredentialsError:
    found = "none"
print(json.dumps(found))
""",
        GOOGLE_APPLICATION_CREDENTIALS="",
    )
    assert told == "none"
    assert inside.dialled == set()


def test_the_hubs_client_finds_no_token_and_the_rehearsals_hub(inside):
    told = inside(
        """
import json
from huggingface_hub import HfApi, get_token
info = HfApi().model_info("HuggingFaceTB/SmolLM2-135M-Instruct")
print(json.dumps([get_token(), info.id]))
"""
    )
    assert told == [None, "HuggingFaceTB/SmolLM2-135M-Instruct"]
    assert inside.dialled == {"127.0.0.1"}


def test_no_variable_or_file_leads_a_client_to_google_cloud(inside, tmp_path):
    inside("print(0)")
    given = {name: value for name, value in inside.environ.items() if name != "HOME"}
    assert not [name for name, value in given.items() if TRAP in value]
    home = str(tmp_path / "home")
    assert not [name for name, value in given.items() if home in value]


def test_another_url_over_https_is_refused_here(inside):
    told = inside(
        """
import json, requests
try:
    requests.get("https://storage.googleapis.com/", timeout=5)
except Exception as error:
    print(json.dumps(type(error).__name__))
"""
    )
    assert told == "ProxyError"
    assert inside.dialled == {"127.0.0.1"}


def test_pip_keeps_the_proxy_of_the_readers_shell():
    environ = no_way_out({"https_proxy": "http://proxy.example:3128"})
    assert environ["PIP_PROXY"] == "http://proxy.example:3128"
    assert environ["https_proxy"] == environ["HTTPS_PROXY"] == f"http://{NOBODY}"
    assert "pypi.org" not in environ["no_proxy"].split(",")


def test_pip_itself_goes_by_that_proxy(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    pip = [sys.executable, "-m", "pip", "download", "--retries=0", "--no-deps", "six"]
    with ConnectProxy() as proxy:
        environ = {**kept, **no_way_out(proxy.environment), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(pip, env=environ, cwd=tmp_path, capture_output=True)
    assert done.returncode
    assert set(proxy.hosts) == {"pypi.org"}


def test_without_a_proxy_package_indexes_are_reached_directly():
    index = "https://me:secret@pip.example:8443/simple"
    environ = no_way_out({"PIP_INDEX_URL": index, "UV_INDEX": "own=https://uv.example/simple"})
    direct = environ["NO_PROXY"].split(",")
    assert {*INDEXES, "pip.example", "uv.example", "127.0.0.1"} <= set(direct)
    assert "secret" not in environ["NO_PROXY"]
    assert "PIP_PROXY" not in environ


def test_a_rehearsal_inside_one_takes_no_closed_port_for_a_proxy():
    environ = no_way_out(no_way_out({}))
    assert "PIP_PROXY" not in environ
    assert "pypi.org" in environ["no_proxy"].split(",")
