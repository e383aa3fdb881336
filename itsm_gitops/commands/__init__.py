"""One plain typed function per verb. Nothing here parses a command line or prints."""
