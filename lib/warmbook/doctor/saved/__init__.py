"""What somebody saved of a Pod, as kubectl prints it, read into evidence; asks no cluster."""

from .reader import evidence

__all__ = ["evidence"]
