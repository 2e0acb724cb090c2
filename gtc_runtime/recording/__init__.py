"""What a panel remembers: views and events of a run in a file, written and read again."""
