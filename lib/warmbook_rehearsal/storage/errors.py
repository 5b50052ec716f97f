"""What Cloud Storage answers when it refuses: errors and their bodies; raises none itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from xml.sax.saxutils import escape

from aiohttp import web

XML_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>"
_UNFIT_FOR_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_XML_CODES = {
    "forbidden": ("AccessDenied", "Access denied."),
    "noSuchBucket": ("NoSuchBucket", "The specified bucket does not exist."),
    "noSuchObject": ("NoSuchKey", "The specified key does not exist."),
    "noSuchUpload": ("NoSuchUpload", "The requested upload was not found."),
    "conditionNotMet": (
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold.",
    ),
    "requestedRangeNotSatisfiable": (
        "InvalidRange",
        "The requested range cannot be satisfied.",
    ),
    "badDigest": (
        "BadDigest",
        "The Content-MD5 or checksum you specified did not match what we received.",
    ),
    "invalidPart": ("InvalidPart", "One or more of the specified parts could not be found."),
    "objectUnderActiveHold": (
        "ObjectUnderActiveHold",
        "Object replacement or deletion is not allowed due to an active hold on the object.",
    ),
    "retentionPolicyNotMet": (
        "RetentionPolicyNotMet",
        "Object replacement or deletion is not allowed until the retention period is met.",
    ),
    "invalid": ("InvalidArgument", "Invalid argument."),
    "httpMethodNotAllowed": (
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    ),
    "notImplemented": (
        "NotImplemented",
        "A header or query you provided requested a function that is not implemented.",
    ),
    "backendError": ("InternalError", "We encountered an internal error. Please try again."),
}
_JSON_REASONS = {
    "noSuchBucket": "notFound",
    "noSuchObject": "notFound",
    "noSuchUpload": "notFound",
    "badDigest": "invalid",
    "invalidPart": "invalid",
}


class StorageError(Exception):
    """A refusal as Cloud Storage words it: HTTP `code`, `reason` and `message`."""

    def __init__(
        self, code: int, reason: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.kind, self.reason = reason, _JSON_REASONS.get(reason, reason)
        self.headers = dict(headers or {})

    def as_json(self) -> web.Response:
        """Return the body of the JSON API."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.reason == "conditionNotMet":
            detail |= {"locationType": "header", "location": "If-Match"}
        error = {"code": self.code, "message": self.message, "errors": [detail]}
        return self._response(json.dumps({"error": error}), "application/json")

    def as_text(self) -> web.Response:
        """Return the body of a failed media download: the message and nothing else."""
        return self._response(self.message, "text/html")

    def as_xml(self) -> web.Response:
        """Return the body of the XML API."""
        phrase = HTTPStatus(self.code).phrase if self.code in set(HTTPStatus) else "Error"
        code, message = _XML_CODES.get(self.kind, (phrase.replace(" ", ""), self.message))
        details = f"<Details>{escape(self.message)}</Details>" if message != self.message else ""
        return self._response(
            xml_document(
                f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{details}</Error>"
            ),
            "application/xml",
        )

    def _response(self, text: str, content_type: str) -> web.Response:
        if self.code == HTTPStatus.NOT_MODIFIED:
            return web.Response(status=self.code, headers=self.headers)
        return web.Response(
            status=self.code,
            body=text.encode(errors="replace"),  # a header in the message may be no UTF-8
            content_type=content_type,
            charset="UTF-8",
            headers=self.headers,
        )


def xml_document(root: str) -> str:
    """Return an XML document; what XML can't hold becomes U+FFFD."""
    return XML_DECLARATION + _UNFIT_FOR_XML.sub("\ufffd", root)


def forbidden(display: str, permission: str, resource: str) -> StorageError:
    """Return the 403 for `display` lacking `permission` on a "Storage bucket" or "project"."""
    return StorageError(
        403,
        "forbidden",
        f"{display} does not have {permission} access to the Google Cloud {resource}. "
        f"Permission '{permission}' denied on resource (or it may not exist).",
    )


def api_off(project_number: str) -> StorageError:
    """Return the 403 for the API being off in the project."""
    url = (
        "https://console.developers.google.com/apis/api/storage.googleapis.com/overview"
        f"?project={project_number}"
    )
    return StorageError(
        403,
        "accessNotConfigured",
        f"Cloud Storage JSON API has not been used in project {project_number} before or it is "
        f"disabled. Enable it by visiting {url} then retry. If you enabled this API recently, "
        "wait a few minutes for the action to propagate to our systems and retry.",
    )


def no_such_bucket() -> StorageError:
    """Return the 404 for a bucket that is not there."""
    return StorageError(404, "noSuchBucket", "The specified bucket does not exist.")


def no_such_object(bucket: str, name: str) -> StorageError:
    """Return the 404 for an object that is not there."""
    return StorageError(404, "noSuchObject", f"No such object: {bucket}/{name}")


def no_such_upload() -> StorageError:
    """Return the 404 for an upload that was never begun, was finished, or was cancelled."""
    return StorageError(404, "noSuchUpload", "The requested upload was not found.")


def invalid(message: str) -> StorageError:
    """Return the 400 for a request that makes no sense."""
    return StorageError(400, "invalid", message)


def not_implemented() -> StorageError:
    """Return the 501 for a function that the service, or the rehearsal, does not have."""
    return StorageError(501, "notImplemented", "A requested function is not implemented.")


def condition_not_met() -> StorageError:
    """Return the 412 for a precondition, or an etag, that no longer holds."""
    return StorageError(
        412,
        "conditionNotMet",
        "At least one of the pre-conditions you specified did not hold.",
    )


def conflict(message: str) -> StorageError:
    """Return the 409 for something that stands in the way."""
    return StorageError(409, "conflict", message)


def range_not_satisfiable(size_bytes: int) -> StorageError:
    """Return the 416 for a range outside an object of `size_bytes`."""
    return StorageError(
        416,
        "requestedRangeNotSatisfiable",
        "Request range not satisfiable",
        headers={"Content-Range": f"bytes */{size_bytes}"},
    )
