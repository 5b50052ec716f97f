"""The faults that are staged in a rehearsal: each once, and at most one that changes a place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..google.errors import GoogleError
from ..kubernetes import ApiError
from ..storage import StorageError
from .fault import ConflictError, Fault, Parts, Target, check_beside


class NotStagedError(LookupError):
    """The fault is not staged, and so can't be taken back."""


class Staging:
    """The faults of one rehearsal that is up."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._targets: dict[str, tuple[Fault, Target]] = {}
        self._holds = 0

    @property
    def faults(self) -> list[Fault]:
        """The faults that are staged, the last one last."""
        return [fault for fault, _ in self._targets.values()]

    async def stage(self, fault: Fault) -> bool:
        """Let a fault begin; return whether it was not staged before.

        Raises:
            ConflictError: One that is staged changes the same, or it finds nothing to change.
        """
        if fault.name in self._targets:
            return False
        check_beside(self.faults, fault)
        target = Target(self._parts)
        try:
            fault.stage(target)
        except (StorageError, GoogleError, ApiError, LookupError) as error:
            await target.take_back()
            raise ConflictError(f"{fault.name} can't be staged here: {error}") from error
        self._targets[fault.name] = fault, target
        return True

    async def unstage(self, fault: Fault) -> None:
        """Take a fault back: it causes nothing more, and what it changed is put back.

        What somebody else has changed since stays as they left it.

        Raises:
            NotStagedError: It is not staged.
        """
        if fault.name not in self._targets:
            raise NotStagedError(f"{fault.name} is not staged.")
        _, target = self._targets.pop(fault.name)
        await target.take_back()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let what is in place stay in place: nothing that the guide does repairs a fault.

        Holds may overlap; the last one to end releases the faults.
        """
        self._holds += 1
        if self._holds == 1:
            for _, target in self._targets.values():
                target.hold()
        try:
            yield
        finally:
            self._holds -= 1
            if not self._holds:
                for _, target in self._targets.values():
                    target.release()
