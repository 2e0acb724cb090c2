"""What is left of a run: its figures as one document, and every form that is made from it."""
