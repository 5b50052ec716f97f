"""A round of the gym: the evidence, the hints, wrong and right answers, and the repair."""

from __future__ import annotations

from .camera import Camera

FAULT, NEAR_MISS, WRONG = "object-role-missing", "role-missing", "flag-removed"
NOTEBOOK = "find_the_fault"
BEGIN, HINT, SHEET, GRADE = "gym.hide(", "gym.hint(", "gym.Sheet(", "gym.grade("
CHECK, VERIFY = "graded.right", "gym.verify("
REPAIR = """from warmbook.steps import identity
identity.grant_bucket_roles(form.settings, connect(form.settings))
verified = gym.verify(form.settings, connect(form.settings))
verified"""

RUN = """([call, code]) => {
  const notebook = window.jupyterapp.shell.currentWidget.content
  const index = notebook.widgets.findIndex(cell => cell.model.type === 'code'
    && cell.model.sharedModel.getSource().includes(call))
  if (code) notebook.widgets[index].model.sharedModel.setSource(code)
  notebook.activeCellIndex = index
  window.jupyterapp.commands.execute('notebook:run-cell')
  return index
}"""
"""Runs the first cell with a call, with other code if some is given; returns its number."""


def play(camera: Camera) -> None:
    """Go through a round and take the pictures of each of its states."""
    camera.lab.page.set_viewport_size({"width": 1280, "height": 700})
    camera.lab.open(f"notebooks/gym/{camera.language}/{NOTEBOOK}.ipynb")
    _run(camera, BEGIN, f'hidden = gym.hide("{FAULT}", language="{camera.language}")\nhidden')
    camera.lab.run_all(timeout_s=300)
    camera.shoot(NOTEBOOK)
    camera.shoot_unfolded(NOTEBOOK)
    camera.shoot(NOTEBOOK, "hinted", [_run(camera, HINT, "gym.hint(3)")])
    for state, answer in (("near", NEAR_MISS), ("wrong", WRONG), ("right", FAULT)):
        cells = [_run(camera, SHEET, f'sheet = gym.Sheet("{answer}")\nsheet')]
        cells += [_run(camera, call) for call in (GRADE, CHECK)]
        camera.shoot(NOTEBOOK, state, cells)
    camera.shoot(NOTEBOOK, "continued", [_run(camera, BEGIN)])
    camera.shoot(NOTEBOOK, "unrepaired", [_run(camera, VERIFY)])
    camera.shoot(NOTEBOOK, "repaired", [_run(camera, VERIFY, REPAIR)])
    camera.shoot(NOTEBOOK, "finished", [_run(camera, BEGIN)])


def _run(camera: Camera, call: str, code: str = "") -> int:
    cell: int = camera.lab.page.evaluate(RUN, [call, code])
    camera.lab.wait_idle(timeout_s=300)
    return cell
