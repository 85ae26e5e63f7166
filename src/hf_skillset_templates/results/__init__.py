"""Results of runs: one folder for each run, one record for each cell, compared and exported."""
