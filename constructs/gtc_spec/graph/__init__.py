"""A serving graph as values: what is served, on what, by how many workers of which kind.

Both stacks, the rehearsal and whoever swaps graphs on a live cluster start from these; what becomes
of them in Kubernetes is `gtc_spec.manifests.serving_graph`. It must not know cdktf.
"""
