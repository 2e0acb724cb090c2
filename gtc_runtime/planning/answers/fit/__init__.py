"""Numbers that make a show visible and recoverable on this hardware, each with its reason."""
