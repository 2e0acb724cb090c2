"""Over the wire: URLs, bodies, formats, discovery, watches and forwarded ports.

It translates between HTTP and the store, and decides nothing about objects.
"""
