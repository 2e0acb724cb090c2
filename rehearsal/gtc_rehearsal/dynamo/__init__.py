"""Processes of Dynamo: a real frontend and simulated workers with measured timings."""
