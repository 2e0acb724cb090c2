"""The tasks of the serving process: who keeps them alive, and whether their loop keeps up."""
