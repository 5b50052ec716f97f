"""A class: seats, each a folder of work and a supervised rehearsal, and what a trainer does."""
