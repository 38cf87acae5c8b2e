"""What a team wants to know before it answers: a short form, and what customers wrote into it."""
