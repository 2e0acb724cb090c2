"""HuggingFace to a share: a program that runs in a pod of a public Python image.

It travels as text in a ConfigMap (`gtc_spec.manifests.model_download`), so its modules import each
other and the standard library, nothing else of ours. What it leaves is what ``gtc model setup``
leaves: files, a manifest of them, and last the marker.
"""
