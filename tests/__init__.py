"""Tests of the appliance as a whole, and what the tests of its parts share."""
