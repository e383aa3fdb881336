"""A snapshot becomes a site: static pages, drawn diagrams and a search index."""
