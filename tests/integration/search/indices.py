"""Change and remove what the tests of the index work on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch


def remove(admin: Elasticsearch, alias: str) -> None:
    """Delete what an alias leads to, and what has its name."""
    names = list(admin.indices.get(index=f"{alias},{alias}_v*", ignore_unavailable=True))
    if names:
        admin.indices.delete(index=names)


def change_mapping(root: Path, field: str, definition: dict[str, Any]) -> None:
    """Give the mapping file one more field."""
    path = root / "events.json"
    document = json.loads(path.read_text())
    document["mappings"]["properties"][field] = definition
    path.write_text(json.dumps(document))
