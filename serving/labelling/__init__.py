"""What people should label next, and the labels they give."""
