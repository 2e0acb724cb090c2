"""Real workers in place of simulated ones: the GPUs of this machine, and vLLM under Dynamo on them.

It must not know Kubernetes, nor what the answers mean.
"""
