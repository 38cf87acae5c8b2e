"""Figures as text, curves, tracked runs and one HTML page."""
