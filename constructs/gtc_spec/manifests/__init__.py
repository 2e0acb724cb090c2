"""Every Kubernetes object that we create, as plain dictionaries built from an Environment.

The constructs wrap them for Terraform, the runtime creates the jobs from them, and the rehearsal
seeds itself with them, so that all three run the same objects. Builders are pure: same environment
in, equal dictionary out. They must not know clients, Terraform or files.
"""
