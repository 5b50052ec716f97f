"""docs/sbom and docs/licences.md have what the locks have; a package's licence is read rightly."""

import importlib
import json
import sys
from email.message import Message
from types import SimpleNamespace

import pytest

from .documents import ROOT, page

sys.path.append(str(ROOT / "tools"))
licences, sbom = importlib.import_module("licences"), importlib.import_module("sbom")
DOCUMENTS = sorted((ROOT / "docs" / "sbom").glob("*.json"))
LOCK = "aiohttp==3.14.5 \\\n    --hash=sha256:{0}\nnumpy==2.2.6 ; python_version < '3.11' \\\n"


@pytest.fixture
def part(monkeypatch, tmp_path):
    """A part with a lock of two packages and documents that fit it."""
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCK.format("0" * 64))
    part = sbom.Part("Workbook", (lock,))
    monkeypatch.setattr(sbom, "ROOT", tmp_path)
    monkeypatch.setattr(sbom, "PAGE", tmp_path / "licences.md")
    monkeypatch.setattr(sbom, "PARTS", (part,))
    listed = [sbom.Package(*row, "MIT", (), frozenset()) for row in sbom.locked(part)]
    part.document.parent.mkdir(parents=True)
    components = [{"name": one.name, "version": one.version} for one in listed]
    part.document.write_text(json.dumps({"components": components}))
    sbom.PAGE.write_text(sbom.page([(part, listed)]))
    return part


def test_the_documents_have_what_the_locks_have():
    assert list(sbom.stale()) == []
    assert [len(sbom.locked(part)) > 100 for part in sbom.PARTS] == [True, True]


def test_documents_that_fit_pass(part):
    assert sbom.locked(part)[1] == ("numpy", "2.2.6", "python_version < '3.11'")
    assert sbom.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [("3.14.5", "3.14.6", "aiohttp 3.14.6"), ("numpy==2.2.6", "scipy==2", "scipy 2")],
)
def test_a_lock_that_changed_makes_both_documents_stale(part, capsys, before, after, missing):
    (lock,) = part.locks
    lock.write_text(lock.read_text().replace(before, after))
    assert sbom.main(["--check"]) == 1
    told = capsys.readouterr().err
    for document in ("workbook.cdx.json", "licences.md"):
        assert f"{document}: {missing} is missing" in told
        assert f"{document}: {'aiohttp 3.14.5' if 'aio' in missing else 'numpy 2.2.6'} is" in told


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_is_valid_cyclonedx(document):
    pytest.importorskip("cyclonedx")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = document.read_text()
    assert json.loads(text)["specVersion"] == "1.6"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_both_documents_are_there():
    assert [path.name for path in DOCUMENTS] == ["engine.cdx.json", "workbook.cdx.json"]


@pytest.mark.parametrize(
    ("package", "file", "licence"),
    [
        ("intel-openmp", "all", "Intel End User License Agreement"),
        ("torch", "libgomp", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("opencv-python-headless", "libavcodec", "LGPL-2.1-or-later"),
        ("pycountry", "all", "LGPL-2.1-only"),
    ],
)
def test_parts_with_conditions_are_named(package, file, licence):
    rows = page("docs/licences.md").partition("## With conditions")[2].partition("\n## ")[0]
    assert any(
        row.startswith(f"| engine | {package} ") and f"| {file}" in row and licence in row
        for row in rows.splitlines()
    )


def test_no_licence_is_unknown():
    assert "unknown" not in page("docs/licences.md")


def distribution(files=(), **fields):
    metadata = Message()
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            metadata[name.replace("_", "-")] = one
    return SimpleNamespace(metadata=metadata, files=files, version="1")


BSD, MIT = (f"License :: OSI Approved :: {name} License" for name in ("BSD", "MIT"))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"License_Expression": "MIT AND ISC", "License": "MIT"}, "MIT AND ISC"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"License": "Copyright (c) 2005, somebody", "Classifier": [MIT]}, "MIT"),
        ({"Classifier": [BSD, MIT, "Topic :: Software"]}, "BSD License OR MIT"),
        ({"License": "Our own terms"}, "Our own terms"),
        ({}, "unknown"),
    ],
)
def test_the_licence_is_what_the_metadata_names(fields, named):
    assert licences.licence("any", distribution(**fields)) == named


def test_bundled_libraries_are_found_and_unknown_ones_are_marked():
    files = ["a/own.so", "a.libs/libgomp-6a29.so.1", "a.libs/libnew-1.so", "a.libs/readme.txt"]
    found = list(licences.bundled(distribution(files), "MIT"))
    assert [(one.file, one.licence == licences.GCC) for one in found] == [
        ("libgomp-6a29.so.1", True),
        ("libnew-1.so", False),
    ]
    assert found[1].licence == "unknown"
