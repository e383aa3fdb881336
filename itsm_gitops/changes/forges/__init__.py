"""Where reviews come from: one module per forge, each giving plain reviews."""
