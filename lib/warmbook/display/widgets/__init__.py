"""What needs ipywidgets: the form, the sliders, the prompt box, questions, the answer sheet."""
