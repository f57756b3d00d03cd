"""Ordinary, tested pieces that scripts are composed of; the writer puts their source into the script."""
