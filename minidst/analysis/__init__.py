"""What can be said of a trained network or a method: metrics, FLOPs, `check_method`."""
