"""Readers of labelled data: questions, dialogues, conversations, BEIR folders, and what is wrong with it."""
