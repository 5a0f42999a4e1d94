"""The week board: who is where in a week, and a sandbox in which to change it."""
