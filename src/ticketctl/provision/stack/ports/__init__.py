"""Which port each service gets: what is taken is observed, what follows is decided apart from it."""
