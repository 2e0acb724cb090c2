"""Facts of the demo and the names derived from them; every other part reads them from here.

This package must not know Kubernetes clients, Terraform, asyncio or the network: it holds values,
checks them against each other and builds plain dictionaries from them.
"""
