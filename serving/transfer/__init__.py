"""Knowledge from files into the store, and back."""
