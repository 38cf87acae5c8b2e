"""Files that customers and agents send along with their messages."""
