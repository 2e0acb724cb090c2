"""A cluster on localhost: the demo against real protocols, without a cloud and without a GPU.

The supervisor starts one process that is the cluster, and the panel and the guardian beside it as
on a real one. Inside the cluster `kube_api` keeps the objects, and controllers read and write them
as theirs do: `operator` turns graphs into pods, `dynamo` runs what the pods stand for,
`autoscaling` scales them, `prometheus` measures them. Only the command line may know that it
exists, and it must not know the runtime: what drives it comes over the wire, as to any cluster.
"""
