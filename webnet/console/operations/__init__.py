"""What those who run webnet look at: the audit log, workers and keys."""
