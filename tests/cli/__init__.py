"""Tests of the `holdall` command, in process and as a process of its own."""
