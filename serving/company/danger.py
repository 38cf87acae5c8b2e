"""What tells of danger at any company, until a company has a list of its own; data only."""

from model.understanding.danger import DangerWords

GENERAL_DANGER = DangerWords(
    phrases=(
        *("on fire", "caught fire", "catching fire", "in flames", "into flames", "exploded", "exploding"),
        *("smoke ... coming", "smoke ... came", "smoke ... comes", "smoke ... from", "smoke ... out of"),
        *("smell* smoke", "smell* of smoke", "smell* like smoke", "see smoke", "saw smoke", "full of smoke"),
        *("started smoking", "starts smoking", "it is smoking", "it's smoking", "its smoking"),
        *("sparks", "sparked", "sparking", "saw a spark", "was a spark", "spark when", "spark from"),
        *("burning smell", "burnt smell", "smell* burn*", "smell* of burn*", "smell* like burn*"),
        *("plug ... melt*", "adapter ... melt*", "charger ... melt*", "cable ... melt*", "socket ... melt*"),
        *("melt* plug", "melt* adapter", "melt* charger", "melt* cable", "melt* socket"),
        *("electric shock*", "electrical shock*", "electrocuted", "swollen battery", "battery ... swollen"),
        *("smell* gas", "smell* of gas", "smell* like gas", "gas smell", "gas leak*", "leaking gas"),
        *("carbon monoxide", "was injured", "got injured", "been injured", "were injured", "injured me"),
        *("injured my", "burn* my hand*", "burn* my finger*", "burn* my arm*", "burn* my face"),
        *("burn* my skin", "burn* myself", "burn* me", "bleeding", "unconscious", "can't breathe"),
        *("cannot breathe", "choking", "choked on", "poisoned", "allergic reaction", "anaphyla*"),
        *("child swallowed", "son swallowed", "daughter swallowed", "baby swallowed", "kid swallowed"),
        *("dog swallowed", "cat swallowed", "ambulance", "medical emergency", "emergency room"),
        *("kill myself", "killing myself", "end my life", "ending my life", "take my own life", "suicid*"),
        *("want to die", "don't want to live", "do not want to live", "no reason to live"),
        *("hurt myself", "hurting myself", "harm myself", "harming myself", "self harm*", "cut myself"),
        *("stalking me", "stalked", "stalker", "death threat*", "threatened me", "threatening me"),
        *("threaten* to kill", "threaten* to hurt", "attacked me", "assaulted", "following me home"),
        *("domestic violence", "my life is in danger", "i am in danger", "i'm in danger"),
    ),
    harmless=(
        *("on fire tv", "on fire tvs", "on fire stick*", "on fire tablet*", "on fire hd", "fire safety"),
        *("smoke free", "smoke detector*", "smoke alarm*", "cigarette smoke", "tobacco smoke"),
        *("sparks joy", "carbon monoxide alarm*", "carbon monoxide detector*", "gas leak detector*"),
    ),
)
"""Chosen so that what people ask any shop does not match: "a spark plug", "a smoke-free room"."""
