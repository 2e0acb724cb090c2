"""What was measured: a record for each request, histograms that merge, a snapshot every tick."""
