"""What points to one person in a text: found, and taken out."""
