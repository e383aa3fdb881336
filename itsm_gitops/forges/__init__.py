"""Forges (GitHub, GitLab, Gitea): pull requests and reviews read from them, and the comment written to them."""
