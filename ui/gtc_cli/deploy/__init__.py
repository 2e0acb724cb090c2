"""From a checkout to a running demo and back: account, stacks, and the order of it all.

It starts the tools that do the work (git, docker, doctl, terraform, cdktf) and must not import
cdktf itself, which would start a Node process in every command.
"""
