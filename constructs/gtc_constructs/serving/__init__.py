"""A deployment that serves tokens: the graph of workers, its models, its GPUs and its scaler."""
