"""Many runs: methods compared on one data set, and studies as grids of runs with their reports."""
