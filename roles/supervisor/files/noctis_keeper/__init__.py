"""Keeps one program of the appliance running, through releases and changes of its settings. Standard library only."""
