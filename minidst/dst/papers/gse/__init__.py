"""GSE: the method (gse.py), what guides its sample (distributions.py, synflow.py), and micro-batches."""
