"""The embedded default: every process of the appliance on one host, under one parent (``make run``)."""
