"""One module per type of page; each turns a view of the snapshot into HTML."""
