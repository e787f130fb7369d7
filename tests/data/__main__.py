"""Write the synthetic objects: ``python -m tests.data FOLDER`` makes FOLDER/sound and FOLDER/broken."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> None:
    """Write both folders and say how many files they hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.data", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ct-slices", type=int, default=12, help="slices of each CT series (default: 12)")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "app"))
    from tests.data.folder import write_broken_folder, write_mixed_folder

    sound = write_mixed_folder(options.folder / "sound", ct_slices=options.ct_slices)
    broken = write_broken_folder(options.folder / "broken")
    print(f"{len(sound)} sound and {len(broken)} broken files in {options.folder}")


if __name__ == "__main__":
    main()
