"""Makes, rehearses and restores backups with restic. It knows no Django: a broken application can still be restored."""
