"""The audit log: the transaction around every audited change, the chained rows, and their reading and verification."""
