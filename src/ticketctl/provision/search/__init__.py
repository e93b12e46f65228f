"""The search index: mapping, creation, queries."""
