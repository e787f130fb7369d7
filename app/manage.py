#!/usr/bin/env python3
"""Django's command line for Noctis."""

import os
import sys

from django.core.management import execute_from_command_line

from noctis.env import ConfigurationError
from noctis.loading import load_application

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")
    try:
        load_application()
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.exit(f"noctis: {error}")
