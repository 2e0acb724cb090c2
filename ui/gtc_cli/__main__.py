"""`python -m gtc_cli`, for processes that start one another without a path to `gtc`."""

from gtc_cli.main import run

run()
