"""How bytes reach a server and come back with a stamp: two transports behind one interface."""
