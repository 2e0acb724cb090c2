"""Dynamo's operator, Grove and the scheduler: graphs become pods, pods become processes."""
