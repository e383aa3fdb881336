"""Evidence: one statement about each merge, kept in a ledger, and the audit that computes it again."""
