"""Results of runs: run folders, records of cells, comparison and export."""
