"""What a deployment stands on: Dynamo's operator with Grove and KAI, KEDA, Prometheus, boards."""
