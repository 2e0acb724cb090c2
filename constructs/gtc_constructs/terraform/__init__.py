"""Typed classes of the Terraform resources that the constructs make; the rest is cdktf's own."""
