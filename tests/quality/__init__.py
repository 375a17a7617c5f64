"""How good the findings are, in figures: labelled pairs and planted cases of the simulator through the real code."""
