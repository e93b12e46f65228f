"""How results, progress and errors look."""
