"""Reports: figures about one snapshot, each with its definition. Pure functions, no input or output."""
