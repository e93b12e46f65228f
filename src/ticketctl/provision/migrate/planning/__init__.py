"""What would be done, decided before anything is done."""
