"""Who of a team a waiting conversation goes to, and that none waits where nobody looks."""
