"""The index in which knowledge is found: passages, by meaning and by words, with snapshots."""
