"""Backups of the database, and migrations while the portal runs; knows no package's rows."""
