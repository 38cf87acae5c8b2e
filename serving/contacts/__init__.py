"""Customers as the business and its agents see them."""
