"""What an agent's reply can teach: its question, its general words, and what they contradict."""
