"""How the bot thinks: from text to a decision. No web, no database, no MLflow."""
