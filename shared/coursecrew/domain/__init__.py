"""Rules of the classroom: frozen values and pure functions, no clock, no chance, no framework."""
