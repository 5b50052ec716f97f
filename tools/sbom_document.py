"""A list of locked packages as a CycloneDX document, in the format's version 1.6."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from warmbook_rehearsal.node.image import TORCH_INDEX

if TYPE_CHECKING:
    from licences import Bundled
    from sbom import Package


def document(title: str, packages: Sequence[Package], direct: Collection[str], locks: bytes) -> str:
    """Return the document; its serial number follows from what is locked, its time is now.

    `direct` names the packages that are asked for; the others are needed by them.
    """
    root = Component(name=title, bom_ref=title, type=ComponentType.APPLICATION)
    made = {one: _component(one) for one in packages}
    whole = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, locks.hex()))
    whole.metadata.tools.components.add(this_component())
    whole.metadata.component = root
    whole.components.update(made.values())
    whole.register_dependency(root, _named(direct, made))
    for one, component in made.items():
        whole.register_dependency(component, _named(one.needs, made))
    return JsonV1Dot6(whole).output_as_string(indent=1) + "\n"


def _named(names: Collection[str], made: dict[Package, Component]) -> list[Component]:
    return [component for one, component in made.items() if one.name in names]


def _component(one: Package) -> Component:
    marker = [Property(name="warmbook:marker", value=one.marker)] if one.marker else []
    return Component(
        name=one.name,
        version=one.version,
        bom_ref=_reference(one),
        purl=_purl(one),
        licenses=_licences(one.licence),
        components=[_file(one, file) for file in one.bundled],
        properties=marker,
    )


def _file(one: Package, file: Bundled) -> Component:
    return Component(
        name=file.file,
        bom_ref=f"{_reference(one)}/{file.file}",
        description=file.project,
        type=ComponentType.FILE,
        licenses=_licences(file.licence),
    )


def _reference(one: Package) -> str:
    return f"{one.name}=={one.version}"


def _purl(one: Package) -> PackageURL:
    elsewhere = {"repository_url": TORCH_INDEX} if one.name == "torch" else None
    return PackageURL("pypi", None, one.name, one.version, elsewhere)


def _licences(named: str) -> list[Any]:
    return [] if named == "unknown" else [LicenseFactory().make_from_string(named)]
