"""Bytes under an id, written once: the protocol of a payload store, and its drivers."""
