"""Payloads in a container of Azure Blob Storage."""

from __future__ import annotations

from holdall.payloads.azure.account import Account
from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.store import AzurePayloads

__all__ = ["Account", "AzureClient", "AzurePayloads"]
