"""The one way to the Kubernetes API; nothing else imports kr8s."""
