"""Disaggregated LLM inference on DigitalOcean Kubernetes, as constructs for cdktf.

Import from the modules: ``from gtc_constructs.cluster.gpu_cluster import GpuCluster``. This
file stays empty of imports, because the first import of cdktf starts a Node process.
"""
