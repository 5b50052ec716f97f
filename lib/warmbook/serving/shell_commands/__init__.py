"""The guide's own commands for the reader's settings, quoted so that they run as shown.

Each function of `gcloud` and of `kubectl` takes Settings and returns shell lines; a line that
only reads the cloud is written as the guide writes it. Nothing here runs anything.
"""
