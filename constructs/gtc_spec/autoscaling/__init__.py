"""What Kubernetes' autoscaler computes: for the rehearsal's controllers and for the planner."""
