"""OHIF as its makers build it, taken from their npm package when the comparison runs; nothing of it is kept here.

``ohif.json`` names the version and the hash of the package. What was unpacked waits in the user's cache folder.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).with_name("ohif.json")
LOCALES: Final = "package/dist/locales/"
COMPRESSED: Final = (".js", ".css", ".html", ".json", ".wasm", ".svg")
CONFIGURATION: Final = """window.config = {
  routerBasename: null, extensions: [], modes: [], showStudyList: true, maxNumberOfWebWorkers: 3,
  showLoadingIndicator: true, strictZSpacingForVolumeViewport: true, groupEnabledModesFirst: true,
  maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
  defaultDataSourceName: 'archive',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'archive',
    configuration: {
      friendlyName: 'archive', name: 'archive',
      qidoRoot: '/dicom-web', wadoRoot: '/dicom-web', wadoUriRoot: '/dicom-web',
      qidoSupportsIncludeField: false, supportsReject: false, supportsFuzzyMatching: false, supportsWildcard: true,
      imageRendering: 'wadors', thumbnailRendering: 'thumbnail', thumbnailRequestStrategy: 'fetch',
      enableStudyLazyLoad: true, dicomUploadEnabled: false, bulkDataURI: { enabled: true },
      omitQuotationForMultipartRequest: true,
    },
  }],
};
"""


class OhifMissing(Exception):
    """OHIF cannot be had; the text says why."""


@dataclass(frozen=True)
class Package:
    """Which package, and the hash that its archive must have."""

    name: str
    version: str
    integrity: str

    @classmethod
    def locked(cls) -> Package:
        """Return the one that ``ohif.json`` names."""
        lock = json.loads(LOCK.read_text(encoding="utf-8"))
        return cls(lock["package"], lock["version"], lock["integrity"])


def distribution() -> Path:
    """Return the folder of the built viewer, fetched now where it is not in the cache. Raises OhifMissing."""
    package = Package.locked()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "noctis" / "bench"
    folder = cache / f"ohif-{package.version}-{hashlib.sha256(CONFIGURATION.encode()).hexdigest()[:8]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            made = _prepared(_fetched(package, Path(temporary)), Path(temporary))
            shutil.move(made, folder)
    return folder


def _fetched(package: Package, folder: Path) -> Path:
    """Return the package's archive, its hash checked."""
    npm = Path(sys.executable).with_name("npm")
    command = [str(npm), "pack", "--silent", f"{package.name}@{package.version}"]
    path = f"{npm.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    archive = next(folder.glob("*.tgz"), None)
    if done.returncode or archive is None:
        raise OhifMissing(f"npm could not fetch {package.name} {package.version}")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise OhifMissing(f"the archive of {package.name} {package.version} does not have the hash in {LOCK.name}")
    return archive


def _prepared(archive: Path, folder: Path) -> Path:
    """Return the unpacked viewer, set up for our addresses and compressed as ours is."""
    with tarfile.open(archive) as packed:
        wanted = [item for item in packed if item.name.startswith("package/dist/") and not _is_left_out(item.name)]
        packed.extractall(folder, wanted, filter="data")
    dist = folder / "package" / "dist"
    (dist / "app-config.js").write_text(CONFIGURATION, encoding="utf-8")
    for path in [path for path in dist.rglob("*") if path.suffix in COMPRESSED]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9))
    return dist


def _is_left_out(name: str) -> bool:
    return name.endswith(".map") or (name.startswith(LOCALES) and "/en" not in name)
