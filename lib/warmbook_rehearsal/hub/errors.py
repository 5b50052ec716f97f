"""Refusals as the Hub words them: a status, a JSON body, and headers that clients go by.

Source: huggingface_hub, `hf_raise_for_status`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web


class HubError(Exception):
    """A refusal: HTTP `status`, the Hub's own code ("" where it has none) and a message."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Return the answer; a HEAD has the headers alone."""
        headers = {"X-Error-Message": " ".join(self.message.split()), **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        body = json.dumps({"error": self.message})
        return web.Response(
            status=self.status, text=body, content_type="application/json", headers=headers
        )


def another_user() -> HubError:
    """Return the refusal of programs that another user of the machine has started."""
    return HubError(403, "", "This rehearsal belongs to another user of the machine.")


def no_such_repository(*, anonymous: bool) -> HubError:
    """Return the refusal for what is not there: to strangers it might as well be private."""
    if anonymous:
        return HubError(401, "RepoNotFound", "Invalid username or password.")
    return HubError(404, "RepoNotFound", "Repository not found")


def unknown_token() -> HubError:
    """Return the refusal of a token that nobody was given; public repositories refuse it too."""
    return HubError(401, "", "Invalid credentials in Authorization header")


def gated(name: str, *, anonymous: bool) -> HubError:
    """Return the refusal of files whose licence the caller did not accept."""
    if anonymous:
        return HubError(
            401,
            "GatedRepo",
            f"Access to model {name} is restricted. You must have access to it and be "
            "authenticated to access it. Please log in.",
        )
    return HubError(
        403,
        "GatedRepo",
        f"Access to model {name} is restricted and you are not in the authorized list. "
        f"Visit https://huggingface.co/{name} to ask for access.",
    )


def no_such_revision(revision: str) -> HubError:
    """Return the refusal of a branch, tag or commit that is not there."""
    return HubError(404, "RevisionNotFound", f"Invalid rev id: {_shown(revision)}")


def no_such_entry(commit: str) -> HubError:
    """Return the refusal of a file that the revision does not hold."""
    return HubError(404, "EntryNotFound", "Entry not found", headers={"X-Repo-Commit": commit})


def too_many(wait_s: int) -> HubError:
    """Return the refusal of a caller who asks too often."""
    headers = {
        "Retry-After": str(wait_s),
        "RateLimit": f'"resolvers";r=0;t={wait_s}',
        "RateLimit-Policy": '"fixed window";"resolvers";q=3000;w=300',
    }
    return HubError(429, "", "We had to rate limit your IP.", headers=headers)


def range_not_satisfiable(size_bytes: int) -> HubError:
    """Return the 416 for bytes outside a file."""
    headers = {"Content-Range": f"bytes */{size_bytes}"}
    return HubError(416, "", "Range Not Satisfiable", headers=headers)


def _shown(text: str) -> str:
    """Return what a header can carry of a caller's own words."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text[:200])
