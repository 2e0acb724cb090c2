"""The texts that the demo asks about: curated once, kept in a store, read by the load engine."""
