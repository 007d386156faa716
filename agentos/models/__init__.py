"""Adapters to what answers a request, one file a provider."""
