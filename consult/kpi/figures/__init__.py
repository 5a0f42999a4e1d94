"""The figures, area by area. docs/kpi.md says how to change one: never edit an entry that has held."""
