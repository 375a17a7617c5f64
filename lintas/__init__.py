"""The roof: the command line and the local stack."""
