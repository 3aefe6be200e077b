"""A sample platform around the XBlock workbench: people, enrolments, a gradebook."""
