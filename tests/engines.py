"""Tests that one database alone can play."""

import pytest
from django.db import connection

on_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="plays on a file of SQLite; DATABASE_URL names another database"
)
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="needs PostgreSQL: DATABASE_URL names another database"
)
"""Threads share no in-memory SQLite database."""
