"""The audit log: the transaction that frames every audited change, the chained rows, and what reads and proves them."""
