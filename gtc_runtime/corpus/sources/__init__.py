"""Where documents come from: one small adapter for each site.

An adapter yields long texts with their licence, cleaned of what the site adds. It must not know
how long documents have to be, nor where they are kept.
"""
