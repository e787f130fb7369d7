"""``noctisctl``: what an operator asks a server.

It knows the standard library alone and runs with the system's Python, so that it also answers when the application, its
virtual environment or its database is what is broken.
"""
