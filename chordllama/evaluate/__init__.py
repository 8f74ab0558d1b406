"""How good a model is: measures, human values beside them, floors and reports."""
