"""What drives a running cluster: load, scenario, scaling, metrics, and the rehearsal of it all."""
