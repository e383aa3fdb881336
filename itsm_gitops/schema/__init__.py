"""JSON Schema: what is valid, what fails and where."""
