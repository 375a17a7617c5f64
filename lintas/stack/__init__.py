"""The local stack: brokers made of packages alone, and the supervision of local processes."""
