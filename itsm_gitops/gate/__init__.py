"""The gate: who must approve a pull request, who did, and what it collides with."""
