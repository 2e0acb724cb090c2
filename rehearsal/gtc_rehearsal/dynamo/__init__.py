"""Processes of Dynamo: its real frontend, and workers that answer with measured timings.

Everything of the simulator's release stands here: command lines, variables, model files, what to
ask a process that starts. It must not know Kubernetes: pods are the operator's affair.
"""
