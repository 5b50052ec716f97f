"""A real JupyterLab, or another front end, beside a rehearsal; and a page of it in a Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from . import chromium
from .front_ends import LAB_4

ROOT = Path(__file__).parents[2]
TOKEN = "lab-of-the-tests"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = "WARMBOOK_PICTURES"
"""Names the folder for the README's pictures; with it, tests run the real engine."""
MARGIN = 4
"""Around the picture of an element, in pixels."""
READY = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext
  const kernel = session?.session?.kernel
  return !!(session?.isReady && kernel?.status === 'idle'
    && kernel.connectionStatus === 'connected')
}"""
SECTION = """heading => {
  const notebook = window.jupyterapp.shell.currentWidget.content
  const begins = cell => cell.model.sharedModel.getSource().includes('## ' + heading)
  return notebook.scrollToCell(notebook.widgets.find(begins), 'start')
}"""
IDLE = """() => {
  const panel = window.jupyterapp.shell.currentWidget
  const cells = panel.content.widgets.filter(cell => cell.model.type === 'code')
  return cells.every(cell => cell.model.executionState !== 'running'
      && cell.promptNode?.textContent !== '[*]:')
    && panel.sessionContext.session?.kernel?.status === 'idle'
    && cells.some(cell => cell.model.executionCount)
}"""


class Lab:
    """A running JupyterLab and one page of it."""

    def __init__(self, page, url, folder, place=LAB_4.place):
        self.page, self.url, self.folder, self.place = page, url, folder, place
        self.outside = []
        page.on("request", self._remember)

    def _remember(self, request):
        if not request.url.startswith((self.url, "data:", "blob:", "ws://127.0.0.1")):
            self.outside.append(request.url)

    def open(self, path):
        self.page.goto(f"{self.url}/{self.place}/{path}?token={TOKEN}&reset")
        self.wait_ready()

    def wait_ready(self):
        self.page.locator(".jp-NotebookPanel:visible").wait_for(timeout=60_000)
        self.page.wait_for_function(READY, timeout=60_000)

    def command(self, name, **arguments):
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => true)",
            [name, arguments],
        )

    def run_all(self, timeout_s=120):
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        self.wait_idle(timeout_s)

    def wait_idle(self, timeout_s=120):
        self.page.wait_for_timeout(500)
        self.page.wait_for_function(IDLE, timeout=timeout_s * 1000)

    def theme(self, dark):
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", theme=name)
        light = "false" if dark else "true"
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=light
        )

    def errors(self):
        return self.page.locator('[data-mime-type="application/vnd.jupyter.stderr"], .jp-mod-error')

    def text(self):
        """Return the text of every output, also of cells scrolled out of the window."""
        return self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
              .filter(cell => cell.model.type === 'code')
              .flatMap(cell => Array.from({length: cell.model.outputs.length},
                (_, i) => JSON.stringify(cell.model.outputs.get(i).toJSON()))).join('\\n')"""
        )

    def show(self, heading):
        """Scroll to a section, also if it is so far away that JupyterLab has not drawn it."""
        self.page.evaluate(SECTION, heading)
        self.scroll_to(self.page.get_by_role("heading", name=heading))

    def scroll_to(self, locator):
        locator.evaluate("element => element.scrollIntoView({block: 'start'})")
        self.page.wait_for_timeout(300)

    def picture(self, name):
        """Keep what a person sees, beside the server's folder."""
        self._write(self.folder.parent / "pictures" / f"{name}.png")

    def picture_of(self, name, element):
        """Keep an element with a margin, for docs/img when WARMBOOK_PICTURES names a folder."""
        folder = Path(os.environ.get(PICTURES) or self.folder.parent / "pictures")
        element.evaluate("element => element.scrollIntoView({block: 'center'})")
        self.page.wait_for_timeout(300)
        box = element.bounding_box()
        clip = {
            "x": box["x"] - MARGIN,
            "y": box["y"] - MARGIN,
            "width": box["width"] + 2 * MARGIN,
            "height": box["height"] + 2 * MARGIN,
        }
        self._write(folder / f"{name}.png", clip=clip)

    def _write(self, path, **of):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(path), **of)
        assert path.stat().st_size > 5_000, "the picture is empty"


@contextmanager
def serving(base, *, engine="quick", front=LAB_4, windowing="", **variables):
    """Have a front end beside a rehearsal; give its address and its folder.

    Kernels run in this interpreter's environment, whichever serves the pages. `windowing` is the
    notebooks' mode of drawing cells; the front end's own if it is empty.
    """
    folder = base / "work"
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    settings = base / "settings"
    # the pop-up that offers news would cover the corner of each picture
    _put(
        settings / "apputils-extension" / "notification",
        {"fetchNews": "false", "checkForUpdates": False},
    )
    if windowing:
        _put(settings / "notebook-extension" / "tracker", {"windowingMode": windowing})
    put_kernel(base / "share" / "kernels" / "python3")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    lab = f"--no-browser --ip=127.0.0.1 --port={port} --ServerApp.port_retries=0".split()
    command = [sys.executable, "-m", "warmbook_rehearsal", "--engine", engine, "--"]
    command += [str(front.python), "-m", "jupyter", front.command, *lab, "--allow-root"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    command += [f"--{front.app}.expose_app_in_browser=True"]
    environ = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_PATH": str(base / "share"),
        "IPYTHONDIR": str(base / "ipython"),
        **variables,
    }
    with (base / "lab.log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        wait_for(f"{url}/api/status?token={TOKEN}", server, base / "lab.log")
        yield url, folder
    finally:
        end(server, limit_s=30)


def end(server, limit_s):
    """End a server that was started; one that takes longer is killed, and that is a failure."""
    server.terminate()
    try:
        server.wait(limit_s)
    except subprocess.TimeoutExpired:
        server.kill()
        raise


def _put(path, settings):
    """Write a plugin's settings where JupyterLab reads a user's."""
    file = path.parents[1] / "@jupyterlab" / path.parent.name / f"{path.name}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings))


def put_kernel(folder):
    """Write the kernel of this interpreter, under the name that the notebooks have."""
    folder.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(url, server, log, limit_s=120):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"JupyterLab did not answer\n{log.read_text()[-3000:]}")


@contextmanager
def chromium_browser():
    """Have a Chromium; give it to who asks.

    Raises:
        LookupError: There is none on this machine; says how to get one.
    """
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if not path:
        raise LookupError(chromium.REMEDY)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
