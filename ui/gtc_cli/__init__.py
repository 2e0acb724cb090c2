"""The `gtc` command line: parse, call, print."""
