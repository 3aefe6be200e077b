"""A course to click through: a sample LMS, the LTI tool beside it, and people who have been at work."""
