"""Editing records: create, set, move and link; judged by the rules first, then written."""
