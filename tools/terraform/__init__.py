"""Typed classes of Terraform's resources, from the schemas of their providers."""
