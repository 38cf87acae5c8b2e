"""Attacks on a home of the sample company: what strangers, files and hasty agents may bring into it."""
