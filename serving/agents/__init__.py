"""Signing in and out, and who is signed in; accounts and keys are made in `serving/company`."""
