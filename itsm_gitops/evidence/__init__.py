"""Evidence: one statement about each merge, all of them in the ledger, and the audit that recomputes them."""
