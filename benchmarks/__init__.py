"""Measurements against peers, each pair in one run; rows of JSON with both times and their ratio."""
