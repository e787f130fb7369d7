"""The web application for Gunicorn's threads."""

import os

from django.core.wsgi import get_wsgi_application

from noctis.loading import load_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noctis.settings")

load_application()
application = get_wsgi_application()
