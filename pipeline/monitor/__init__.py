"""Watching the nights: drift of what comes in and of what is said about it, health of the crawl, promises against finds (docs/monitoring.md)."""
