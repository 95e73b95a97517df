"""Experiments of many runs: methods compared on one data set, and studies, which are grids of trials with reports."""
