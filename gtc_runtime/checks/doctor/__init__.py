"""`gtc doctor`: what is missing before any money flows, asked in 15 seconds and without a trace."""
