"""One of the ten notebooks: its results, and its exercises before and after they are answered."""

from __future__ import annotations

from playwright.sync_api import Locator

from .camera import Camera

EXPLAINED = {
    "en": "The server reads the weights from the bucket again, because nothing kept them.",
    "es": "El servidor vuelve a leer los pesos del bucket, porque nada los guardó.",
}
RUN = """index => {
  const notebook = window.jupyterapp.shell.currentWidget.content
  notebook.activeCellIndex = index
  return window.jupyterapp.commands.execute('notebook:run-cell').then(() => true)
}"""


def walk(camera: Camera, notebook: str) -> None:
    """Run a notebook and take its pictures; then answer its exercises and take theirs."""
    camera.open(f"notebooks/{camera.language}/{notebook}.ipynb")
    if '"output_type":"error"' in camera.lab.text():
        camera.noticed.append(f"{notebook} {camera.language}: a cell ended with an error")
    camera.shoot(notebook)
    camera.shoot_unfolded(notebook)
    exercises = camera.tagged("exercise")
    for press in (_refused, _committed):
        for one in camera.lab.page.locator(".wb-questions .wb-question").all():
            press(one, camera.language)
        if press is _committed:
            camera.lab.page.evaluate(RUN, exercises[-1])
            camera.lab.wait_idle()
        camera.shoot(notebook, press.__name__.strip("_"), exercises)


def _refused(question: Locator, language: str) -> None:
    """Answer with what can't be taken: a decimal comma, no choice, no text."""
    if (field := question.locator("input[type=text]")).count():
        field.fill("1,5")
    question.get_by_role("button").click()
    question.get_by_role("alert").wait_for()


def _committed(question: Locator, language: str) -> None:
    """Answer with a number, the first choice, or a sentence."""
    if (field := question.locator("input[type=text]")).count():
        field.fill("3")
    elif (text := question.locator("textarea")).count():
        text.fill(EXPLAINED[language])
    else:
        question.get_by_role("radio").first.check()
    question.get_by_role("button").click()
    question.get_by_role("status").wait_for()
