"""pip's configuration: read from pip itself, and the same in uv's variables."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from warmbook_rehearsal.installer import PipConfig

PLAIN = {"PATH": os.defpath}


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Give pip a file of its own and no variables; return what it then takes."""

    def read(text="", **variables):
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        path = tmp_path / "pip.conf"
        path.write_text(text)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(path if text else os.devnull))
        return PipConfig.read()

    return read


def test_without_a_configuration_there_are_no_options(configured):
    config = configured()
    assert dict(config.options) == {"config-file": os.devnull}
    assert not config.names_places
    assert not config.offline
    assert config.unknown_to_uv == []


def test_a_variable_wins_over_the_command_s_section_and_that_over_global(configured):
    text = "[global]\nindex-url = http://a/\ntimeout = 3\n[install]\nindex-url = http://b/\n"
    assert configured(text).options["index-url"] == "http://b/"
    config = configured(text, PIP_INDEX_URL="http://c/")
    assert config.options["index-url"] == "http://c/"
    assert config.options["timeout"] == "3"
    assert config.names_places


@pytest.mark.parametrize(
    ("option", "value", "variables"),
    [
        ("index-url", "https://u:p@corp/simple", {"UV_DEFAULT_INDEX": "https://u:p@corp/simple"}),
        (
            "extra-index-url",
            "http://a/ \n http://b/",
            {"UV_INDEX": "http://a/ http://b/", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
        ("find-links", "/w1 /w2", {"UV_FIND_LINKS": "/w1,/w2"}),
        ("cert", "/ca.pem", {"SSL_CERT_FILE": "/ca.pem"}),
        ("client-cert", "/me.pem", {"SSL_CLIENT_CERT": "/me.pem"}),
        ("proxy", "http://p:1", {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1"}),
        ("trusted-host", "a b", {"UV_INSECURE_HOST": "a b"}),
        ("timeout", "9", {"UV_HTTP_TIMEOUT": "9"}),
    ],
)
def test_an_option_of_pip_is_a_variable_of_uv(option, value, variables):
    env = PipConfig({option: value}).for_uv(PLAIN)
    assert {name: env.get(name) for name in variables} == variables


def test_constraints_are_left_out_because_a_lock_names_every_version(configured):
    assert "constraint" not in configured("[global]\nconstraint = /c.txt\n").options
    assert "UV_CONSTRAINT" not in PipConfig().for_uv({**PLAIN, "UV_CONSTRAINT": "/c.txt"})


@pytest.mark.parametrize(
    ("value", "options"), [("true", ["--no-index"]), ("1", ["--no-index"]), ("0", []), ("no", [])]
)
def test_no_index_is_an_option_of_uv(value, options):
    assert PipConfig({"no-index": value}).uv_options == options


@pytest.mark.parametrize("option", ["keyring-provider", "no-binary", "target", "some-new-option"])
def test_options_that_uv_does_not_have_are_named(option):
    assert PipConfig({"quiet": "1", option: "x"}).unknown_to_uv == [option]


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_certificates_that_pip_would_trust_are_trusted(name):
    assert PipConfig().for_uv({**PLAIN, name: "/corp.pem"})["SSL_CERT_FILE"] == "/corp.pem"


def test_uvs_own_variables_are_used_without_an_option_of_pip():
    environ = {**PLAIN, "UV_FIND_LINKS": "/mine", "UV_HTTP_TIMEOUT": "7"}
    env = PipConfig({"timeout": "9"}).for_uv(environ)
    assert (env["UV_FIND_LINKS"], env["UV_HTTP_TIMEOUT"]) == ("/mine", "9")


def test_one_index_alone_leaves_no_other_place():
    config = PipConfig(
        {
            "extra-index-url": "http://a/",
            "find-links": "/w",
            "no-index": "1",
            "cert": "/ca.pem",
        }
    ).only("http://torch/")
    env = config.for_uv({**PLAIN, "UV_INDEX": "http://b/", "UV_TORCH_BACKEND": "cu130"})
    assert env["UV_DEFAULT_INDEX"] == "http://torch/"
    assert env["SSL_CERT_FILE"] == "/ca.pem"
    assert not {"UV_INDEX", "UV_FIND_LINKS", "UV_TORCH_BACKEND"} & env.keys()
    pip = config.for_pip({**PLAIN, "PIP_EXTRA_INDEX_URL": "http://c/"})
    assert pip["PIP_INDEX_URL"] == "http://torch/"
    assert "PIP_EXTRA_INDEX_URL" not in pip


def test_pip_itself_reads_back_the_variables_that_it_is_given(configured):
    """The witness for the names of the variables is pip's own `config list`."""
    options = {"index-url": "http://a/", "find-links": "/w1 /w2", "timeout": "5"}
    env = {**os.environ, **PipConfig(options).for_pip(PLAIN)}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], env=env, capture_output=True, text=True
    ).stdout
    for name, value in options.items():
        assert f":env:.{name}={value!r}" in listed
