"""The three workloads: what each one asks and how long its answers are."""
