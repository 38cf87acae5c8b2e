"""Tuckleaf, the sample company: its articles, rules and labelled messages, written for this project."""
