"""Measures Holdall beside its peers, on the same disk and in the same run: `make bench`."""
