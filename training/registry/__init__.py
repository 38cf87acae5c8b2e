"""Model sets in the home's registry: registered, promoted, put back, cleared away."""
