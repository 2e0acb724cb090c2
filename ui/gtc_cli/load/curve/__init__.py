"""Several runs at different loads as one curve, and the search for its knee."""
