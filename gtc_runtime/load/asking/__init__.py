"""How a server is asked: where, with which headers, and in which dialect of the API.

Values that a run begins with. It must not know prompts, nor who sends.
"""
