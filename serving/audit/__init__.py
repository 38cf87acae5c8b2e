"""Who did what: the audit log, shown and verified."""
