"""Where the histograms of the observers divide; seconds."""

from __future__ import annotations

# An uncontended lock is a round trip of about 0.2 ms; waits end at `wait_timeout`, 10 s unless told.
WAIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# From one write to a database to the work of a leader.
HOLD_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
# A renewal is due at a third of the time to live; what is late by two thirds is a loss.
LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
