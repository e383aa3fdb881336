"""The graph of one snapshot: relations both ways, impact of failure, health of services."""
