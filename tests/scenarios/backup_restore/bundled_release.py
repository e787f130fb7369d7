"""Pack the working copy as a release lies in a bundle, with the packages that it needs.

python -m tests.scenarios.backup_restore.bundled_release FOLDER
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.scripts import SCRIPTS, script


def main(folder: Path) -> None:
    """Write the archive, unless it is there."""
    packed = subprocess.run([SCRIPTS / "build-release"], stdout=subprocess.PIPE, text=True, check=True)
    release = Path(packed.stdout.splitlines()[-1])
    script("build-bundle").pack_release(release, folder / "dist" / release.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
