"""The Hugging Face Hub of the rehearsal: two model repositories, one of them gated."""

from .repositories import GATED, OPEN, TOKENS, Repository, repositories
from .server import CDN_HOST, Hub, application

__all__ = [
    "CDN_HOST",
    "GATED",
    "OPEN",
    "TOKENS",
    "Hub",
    "Repository",
    "application",
    "repositories",
]
