"""`python -m tests.digitalocean`: an account in the foreground; Ctrl-C tells what it would cost."""

import sys

from tests.digitalocean.server import main

main(*map(int, sys.argv[1:]))
