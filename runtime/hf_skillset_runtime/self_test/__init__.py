"""`__test__`: a handler is run on its task's samples, and its results are checked."""
