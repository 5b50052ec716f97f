"""What can be known before acting: one line for each thing that a later step would trip over."""

from .checkup import Checkup, Examination
from .examine import examine

__all__ = ["Checkup", "Examination", "examine"]
