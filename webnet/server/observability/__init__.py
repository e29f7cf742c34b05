"""What operators see of a running server: its log, its metrics and its traces."""
