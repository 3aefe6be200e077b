"""`manage.py lms coursecrew_upkeep`."""
