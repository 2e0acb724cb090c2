"""The door of the panel: who may ask, who may press, and how much anybody may ask for.

Looking is free. `door` is the one way in for requests and sockets, `listener` for connections;
what they decide by is in the other modules. Nothing here knows pages or the demo behind it.
"""
