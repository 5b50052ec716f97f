"""What needs ipywidgets: the form and the gym's answer sheet."""
