"""The load engine: open-loop traffic of three workloads, measured honestly."""
