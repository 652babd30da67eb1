"""Frozen values, errors, names and URIs. Nothing here does I/O or imports another layer."""
