"""One adapter per backend; driver errors stop here and come out as ticketctl errors."""
