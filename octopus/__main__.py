"""``python -m octopus``."""

from octopus.cli import main

main()
