"""Containers of an Azure storage account, under their own keys."""

from __future__ import annotations

from holdall.backends.azure.backend import AzureBackend

__all__ = ["AzureBackend"]
