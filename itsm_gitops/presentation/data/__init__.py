"""What programs read of a site: calendar files, feeds, the status and every document as JSON."""
