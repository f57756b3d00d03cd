"""Files that travel in a bundle. There each of them imports its neighbours in place of this package."""
