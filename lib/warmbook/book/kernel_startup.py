"""What each kernel of `warmbook lab` runs as it starts, by PYTHONSTARTUP.

So a cell that is run before the imports, after a restart, says to run the cells above. It runs in
the reader's own namespace and leaves no name there. Python in a terminal, and kernels without
warmbook, pass it by. Source: IPython, `InteractiveShellApp.exec_PYTHONSTARTUP`.
"""

if "IPython" in __import__("sys").modules:
    try:  # noqa: SIM105 (a name of contextlib would stay)
        __import__("warmbook.display.notebook_errors", fromlist=["install"]).install()
    except ImportError:
        pass
