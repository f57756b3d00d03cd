"""Time series: a long table of rows, and whole numbers of periods for everything that is done with their times."""
