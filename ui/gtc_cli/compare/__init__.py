"""`gtc compare`: the same load on disaggregated and on aggregated workers, and what came of it."""
