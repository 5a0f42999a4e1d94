"""The rows that the figures count. What they have in common: consult/kpi/rows/base.py."""
