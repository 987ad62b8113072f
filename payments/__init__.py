"""The rails that sell credits. Nothing is sold yet: only welcome credits and an operator's grants feed the ledger."""
