"""Manifests of panel and guardian: what they run, may do and may reach."""
