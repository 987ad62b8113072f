"""The ledger's tests: its specification, its model, its planted bugs."""
