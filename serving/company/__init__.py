"""What belongs to the business: its name, teams, intents, agents and API keys."""
