"""Dynamo's operator, Grove and the scheduler: graphs become pods, pods become processes.

It follows the store and asks a `Workers` for processes. It must not know how a process is started,
nor who changed a graph or an adapter, nor why.
"""
