"""A challenger beside the champion: figures, regression cases, flips and speed, and the gates."""
