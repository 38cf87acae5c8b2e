"""The commands of `firstlast eval` that fit nothing; `training.commands.evaluate` mounts all of them."""
