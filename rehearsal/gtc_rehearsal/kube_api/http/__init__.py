"""The wire protocol of the Kubernetes API: requests, answers, watches, discovery."""
