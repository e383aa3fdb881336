"""Changes as requests: who must approve, who did, and why an approval does not count."""
