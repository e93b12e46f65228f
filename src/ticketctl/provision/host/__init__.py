"""This machine: its Docker Engine and whether it can carry the stack."""
