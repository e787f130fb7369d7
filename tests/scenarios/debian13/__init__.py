"""The appliance on Debian 13, and what becomes of a run of site.yml that was killed."""
