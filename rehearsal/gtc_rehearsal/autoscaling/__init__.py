"""KEDA and the HorizontalPodAutoscaler, computed as their controllers compute.

ScaledObjects become HPAs, metrics become sizes, sizes go through ``/scale``. It must not know the
operator, Dynamo or where a query is answered: it gets a function that evaluates PromQL.
"""
