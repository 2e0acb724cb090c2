"""REST and sockets of the demo: routes, the one form of an error, and the page about them."""
