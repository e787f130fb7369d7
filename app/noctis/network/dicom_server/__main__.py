"""``python -m noctis.network.dicom_server``: understand the command line and do it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from noctis.env import ConfigurationError
from noctis.network.dicom_server.options import parser
from noctis.network.dicom_server.place import NotDone
from noctis.network.dicom_server.stats import stats
from noctis.network.dicom_server.status import status
from noctis.network.dicom_server.stop import stop

INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "start":
            from noctis.network.dicom_server.start import start  # the others do without Django

            return start(options)
        commands: dict[str, Callable[[argparse.Namespace], int]] = {"status": status, "stop": stop, "stats": stats}
        return commands[options.command](options)
    except (ConfigurationError, NotDone) as error:
        for line in str(error).splitlines():
            print(f"dicom-server: {line}", file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
