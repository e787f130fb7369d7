"""The appliance on Debian 13: what its other versions of everything could have broken."""
