"""Everything that is measured, one after the other."""

from __future__ import annotations

from benchmarks import acknowledge, drawing, encoding, export, ledger, retention, start_up, turns

if __name__ == "__main__":
    start_up.main("flat")
    start_up.main("starter")
    ledger.main()
    turns.main()
    acknowledge.main()
    encoding.main()
    drawing.main()
    export.main()
    retention.main()
