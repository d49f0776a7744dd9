"""What MLflow runs to load a registered model; it is copied beside the model folder, so that nothing is pickled."""

from training import tracking

tracking.serve()
