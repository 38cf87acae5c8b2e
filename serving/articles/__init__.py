"""Articles of the help centre: editing, import, export, and the index that follows the store."""
