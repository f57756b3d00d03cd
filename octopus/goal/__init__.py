"""Plain words → what is asked, with the words that said so. An explicit argument always wins."""
