"""The parts of the presenter's page that act on the demo."""
