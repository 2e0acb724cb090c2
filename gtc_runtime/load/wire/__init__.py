"""How bytes reach a server and come back with a stamp: two transports behind one interface.

The one stamps in the kernel, the other, for TLS and other systems, in the event loop. It must not
know schedules or workloads: it gets an exchange, and says when each of its bytes arrived.
"""
