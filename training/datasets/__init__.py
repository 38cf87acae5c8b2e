"""Data sets to train on, made from the store, from files and from the Hugging Face hub."""
