"""Forges (GitHub, GitLab, Gitea): what they say about pull requests and reviews, and the comment written there."""
