"""KEDA and the HorizontalPodAutoscaler, computed as their controllers compute."""
