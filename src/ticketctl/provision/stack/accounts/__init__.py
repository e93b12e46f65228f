"""The accounts of the stack: who may log in where, and what they may do there."""
