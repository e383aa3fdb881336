"""Service levels: business hours and the clocks of agreements, replayed from timelines."""
