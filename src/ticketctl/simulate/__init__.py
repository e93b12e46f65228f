"""The flash sale: buyers as at a real opening, servers that break meanwhile, and a judge of what was sold."""
