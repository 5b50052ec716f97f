"""Refusals of the API server, with the reasons and wordings of the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .kinds import Kind
from .objects import Obj


class ApiError(Exception):
    """A refusal: HTTP `code`, machine-readable `reason`, `message` for people, `details`."""

    def __init__(self, code: int, reason: str, message: str, *, details: Obj | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details = details or {}

    def status(self) -> Obj:
        """Return the `Status` object that the refusal travels in."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            **({"details": self.details} if self.details else {}),
            "code": self.code,
        }


@dataclass(frozen=True)
class Cause:
    """One field that is wrong: `FieldValueInvalid` and the like, and where."""

    reason: str
    message: str
    field: str

    def as_json(self) -> Obj:
        """Return the cause as `details.causes` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def _details(kind: Kind, name: str) -> Obj:
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": kind.plural}


def bad_request(message: str) -> ApiError:
    """Return a 400: the request itself makes no sense."""
    return ApiError(400, "BadRequest", message)


def not_found(kind: Kind, name: str) -> ApiError:
    """Return a 404 for one object."""
    message = f'{kind.resource} "{name}" not found'
    return ApiError(404, "NotFound", message, details=_details(kind, name))


def no_such_path() -> ApiError:
    """Return a 404 for an address that nothing answers."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(kind: Kind, name: str) -> ApiError:
    """Return a 409: the name is taken."""
    message = f'{kind.resource} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=_details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    """Return a 409: the object is not as the caller thought."""
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, details=_details(kind, name))


def modified(kind: Kind, name: str) -> ApiError:
    """Return the 409 for a stale resourceVersion."""
    why = (
        "the object has been modified; please apply your changes to the latest version "
        "and try again"
    )
    return conflict(kind, name, why)


def forbidden(kind: Kind, name: str, why: str, *, causes: Sequence[Cause] = ()) -> ApiError:
    """Return a 403: an admission rule refuses the object."""
    details = _details(kind, name)
    if causes:
        details["causes"] = [cause.as_json() for cause in causes]
    message = f'{kind.resource} "{name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", message, details=details)


def invalid(kind: Kind, name: str, causes: Sequence[Cause]) -> ApiError:
    """Return a 422 that names every wrong field."""
    said = [f"{cause.field}: {cause.message}" for cause in causes]
    listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    qualified = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    group = {"group": kind.group} if kind.group else {}
    details = {
        "name": name,
        **group,
        "kind": kind.kind,
        "causes": [cause.as_json() for cause in causes],
    }
    return ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {listed}', details=details)


def expired(asked: int, oldest: int) -> ApiError:
    """Return a 410: that version is no longer in the history."""
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")
