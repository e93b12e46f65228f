"""`ticketctl migrate`: the schemas of the databases."""
