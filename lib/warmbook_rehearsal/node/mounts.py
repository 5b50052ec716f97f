"""A container's own view of the files: its volumes stand at their paths, then the command runs.

A script of its own, run by the rehearsal's interpreter with the standard library only. The
view is a mount namespace of the process, so that the machine's own folders stay as they are. A
path that the machine does not have is made in a copy of the folder above it, in which every
entry is bound to the original; the copies lie in the Pod's folder and are shared by all that
runs in the container.

Source: mount_namespaces(7), user_namespaces(7), mount(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import Any

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
READ_ONLY, NO_SUID, NO_DEV, NO_EXEC, REMOUNT = 1, 2, 4, 8, 32
NO_ATIME, NO_DIR_ATIME, BIND, RECURSIVE, PRIVATE, RELATIVE_ATIME = (
    *(1024, 2048, 4096, 16384, 1 << 18, 1 << 21),
)
ST_RELATIVE_ATIME = 4096
PR_SET_PDEATHSIG = 1
NOT_MOUNTED, NOT_FOUND, NOT_EXECUTABLE = 128, 127, 126

LIBC = ctypes.CDLL(None, use_errno=True)


def main(plan: dict[str, Any], words: list[str]) -> int:
    """Mount what is planned and become the command; return an exit code if that fails."""
    try:
        _leave_the_machine_s_view()
        view = View(Path(plan["copies"]), plan["kept"])
        # all are opened first: a volume may be mounted over the others' sources
        volumes = [(os.open(source, os.O_PATH), *rest) for source, *rest in plan["mounts"]]
        for opened, target, read_only in sorted(volumes, key=_depth):
            view.mount(opened, target, read_only=read_only)
        os.chdir(plan["folder"])
    except OSError as error:
        print(f"mounting failed: {error}", file=sys.stderr, flush=True)
        return NOT_MOUNTED
    try:
        os.execvp(words[0], words)
    except OSError as error:
        print(f"exec: {words[0]!r}: {error.strerror}", file=sys.stderr, flush=True)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


def _leave_the_machine_s_view() -> None:
    """Begin a mount namespace; without the right to one, within a user namespace."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        _call("unshare", NEW_MOUNTS)
    except PermissionError:
        _call("unshare", NEW_MOUNTS | NEW_USER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            Path("/proc/self", name).write_text(text)
    # new rights make the kernel forget it
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _mount(None, Path("/"), RECURSIVE | PRIVATE)


class View:
    """The files as the process sees them; `kept` stay reachable whatever is mounted above."""

    def __init__(self, copies: Path, kept: list[str]) -> None:
        self._copies, self._kept = copies, [Path(path).resolve() for path in kept]
        self._volumes: list[Path] = []

    def mount(self, opened: int, target: str, *, read_only: bool) -> None:
        """Let the file or folder that is opened stand at `target`."""
        at = Path(target).resolve()
        self._make(at, folder=stat.S_ISDIR(os.fstat(opened).st_mode))
        hidden = [path for path in self._kept if path.is_relative_to(at)]
        held = {path: os.open(path, os.O_PATH) for path in hidden}
        _bind(opened, at)
        for path, descriptor in held.items():
            path.mkdir(parents=True, exist_ok=True)
            _bind(descriptor, path)
            os.close(descriptor)
        if read_only:
            _mount(None, at, REMOUNT | BIND | READ_ONLY | _flags(at))
        self._volumes.append(at)

    def _make(self, at: Path, *, folder: bool) -> None:
        """See that there is something to mount on."""
        if os.path.lexists(at):
            return
        above = next(parent for parent in at.parents if _is_folder(parent))
        if not any(above.is_relative_to(volume) for volume in self._volumes):
            self._copy(above)
        (at if folder else at.parent).mkdir(parents=True, exist_ok=True)
        if not folder:
            at.touch()

    def _copy(self, folder: Path) -> None:
        """Put a copy in a folder's place, its entries bound to the original's."""
        copy = self._copies / str(folder).replace("%", "%25").replace("/", "%2F")
        copy.mkdir(parents=True, exist_ok=True)
        for original in _entries(folder):
            _stand_for(original, copy / original.name)
        if folder == Path("/"):
            os.chroot(copy)
        else:
            _mount(copy, folder, BIND | RECURSIVE)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:  # absent, or within somebody else's home
        return False


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except PermissionError:  # somebody else's home
        return []


def _stand_for(original: Path, at: Path) -> None:
    """Make `at` what the original is: a link like it, or bound to it."""
    try:
        if original.is_symlink():
            if not os.path.lexists(at):
                at.symlink_to(original.readlink())
            return
        if _is_folder(original):
            at.mkdir(exist_ok=True)
        else:
            at.touch()
        _mount(original, at, BIND | RECURSIVE)
    except FileNotFoundError:  # it has gone meanwhile
        return


def _flags(path: Path) -> int:
    """Return what else a mount forbids; in a user namespace none of it may be dropped."""
    has = os.statvfs(path).f_flag
    relative = RELATIVE_ATIME if has & ST_RELATIVE_ATIME else 0
    return has & (NO_SUID | NO_DEV | NO_EXEC | NO_ATIME | NO_DIR_ATIME) | relative


def _bind(descriptor: int, at: Path) -> None:
    _mount(Path(f"/proc/self/fd/{descriptor}"), at, BIND | RECURSIVE)


def _mount(source: Path | None, at: Path, flags: int) -> None:
    said = os.fsencode(source) if source else None
    _call("mount", said, os.fsencode(at), None, ctypes.c_ulong(flags), None, about=str(at))


def _call(name: str, *arguments: Any, about: str = "") -> None:
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about or name)


def _depth(volume: tuple[int, str, bool]) -> int:
    return len(Path(volume[1]).parts)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
