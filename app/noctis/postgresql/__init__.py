"""Django's database backend for PostgreSQL, with a password that may change while programs run."""
