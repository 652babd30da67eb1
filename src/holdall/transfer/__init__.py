"""Transfers between directories, buckets and stores: resumed, synced, mirrored and verified."""
