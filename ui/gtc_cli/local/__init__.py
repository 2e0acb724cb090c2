"""What a deployment has on this machine: checkout, variables, states, and the tools that it calls.

It must not know in which order a deployment uses them.
"""
