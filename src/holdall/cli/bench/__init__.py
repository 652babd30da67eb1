"""`holdall bench`: what is measured, and where."""
