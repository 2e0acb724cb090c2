"""What the server says of itself in its own metrics, beside what the client measured."""
