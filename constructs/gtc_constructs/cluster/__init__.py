"""The account's part: the cluster with its GPU pools, its file share, and the way to its API."""
