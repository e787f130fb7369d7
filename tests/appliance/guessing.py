"""What somebody does who guesses passwords on the sign-in page."""

from __future__ import annotations

from tests.appliance.deployment import Appliance, Machine


def sign_in_wrongly(machine: Machine, appliance: Appliance, times: int) -> str:
    """Try passwords as a program would, with cookie and token of the form; return the statuses."""
    page = f"https://{appliance.web_name}/sign-in"
    options = f"--silent --insecure --max-time 5 --resolve {appliance.web_name}:443:{appliance.address}"
    curl = f"curl {options} --cookie-jar /tmp/jar --cookie /tmp/jar"
    token = f"$({curl} {page} | grep -o 'csrfmiddlewaretoken\" value=\"[^\"]*' | cut -d'\"' -f3)"
    form = "--data-urlencode csrfmiddlewaretoken=$token --data username=admin --data password=wrong$n"
    attempt = f"{curl} --output /dev/null --write-out '%{{http_code}} ' --referer {page} {form} {page}"
    return machine.run(f"rm -f /tmp/jar; token={token}; for n in $(seq {times}); do {attempt} || true; done")
