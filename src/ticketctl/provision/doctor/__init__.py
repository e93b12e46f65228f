"""Whether this machine and this checkout are fit for `up`, and what to do where they are not."""
