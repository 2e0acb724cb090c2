"""Verified copies of files between a directory and a bucket.

A copy is files, a manifest with the sha256 of each, and a marker with the manifest's own, set last:
whoever sees a marker over its manifest sees a whole copy, whenever a writer was killed. Moving the
bytes is the libraries' business. This room must not know what the files mean.
"""
