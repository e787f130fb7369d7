"""What every test of the viewer's page needs."""

from __future__ import annotations

import json

import pytest
from django_vite.core.asset_loader import DjangoViteAssetLoader


@pytest.fixture(autouse=True)
def bundle(settings, tmp_path, monkeypatch):
    """Stand in for the built front end."""
    manifest = tmp_path / "manifest.json"
    entries = ("src/pages/main.ts", "src/viewer/main.ts", "src/viewer/app.ts")
    manifest.write_text(
        json.dumps({entry: {"file": f"assets/{i}.js", "isEntry": True} for i, entry in enumerate(entries)})
    )
    settings.DJANGO_VITE = {"default": {**settings.DJANGO_VITE["default"], "manifest_path": manifest}}
    monkeypatch.setattr(DjangoViteAssetLoader, "_instance", None)
