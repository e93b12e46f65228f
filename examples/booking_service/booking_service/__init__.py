"""A booking service on `ticketctl.reservations`: seats are held, paid and booked over HTTP."""
