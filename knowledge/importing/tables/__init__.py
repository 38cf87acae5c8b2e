"""Tables and lists of rows to pairs of question and answer, and to articles."""
