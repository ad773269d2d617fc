"""Training of the models that Scangate ships: data recipes, fine-tuning, calibration and export. Never imported by the service."""
