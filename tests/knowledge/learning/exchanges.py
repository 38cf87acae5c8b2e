"""Conversations written by hand, each with the question that the agent's reply answers.

What the customer said since people last answered, the reply, and the words by which the question is known;
other questions of the same customer must not be part of it. `DEVELOPED_ON` was looked at while choosing by
meaning was made, `HELD_OUT` was written before and not looked at until it was done.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    said: tuple[str, ...]
    reply: str
    about: str
    """Part of the question that the reply answers, lower case."""
    not_about: tuple[str, ...] = ()


DEVELOPED_ON = (
    Exchange(
        ("do you rent out kayaks for two people?", "and one more thing: is the car park free?"),
        "Yes, we have twelve double kayaks. A day costs 48 euros, paddles and vests included.",
        "kayaks for two",
        ("car park",),
    ),
    Exchange(
        ("do you rent out kayaks for two people?", "is the car park free?"),
        "Parking is free for everybody who rents a boat, behind the boathouse.",
        "car park",
        ("kayaks",),
    ),
    Exchange(
        ("How do I get my deposit back?", "still waiting...", "hello??", "nobody there on a Sunday I guess"),
        "Deposits go back to your card within three working days after the boat was checked.",
        "deposit back",
        ("sunday",),
    ),
    Exchange(
        ("Can my dog come along in the canoe?", "Also, what time is the last return?"),
        "Dogs are welcome in canoes as long as they wear a vest; we lend those out for free.",
        "my dog",
        ("last return",),
    ),
    Exchange(
        ("What is the weight limit of the red kayak? And do you have child seats?",),
        "Child seats can be put into every double kayak; please book them a day before.",
        "child seats",
        ("weight limit",),
    ),
    Exchange(
        ("the app says error 31 when I pay", "I tried twice already", "by the way great new design!"),
        "Error 31 means that your bank wants you to confirm the payment; open its app and approve it.",
        "error 31",
        ("design",),
    ),
    Exchange(
        ("where can I see my past invoices?", "and how do I change the address on them?"),
        "Go to Account, then Billing address. New invoices carry the changed address from then on.",
        "address",
    ),
    Exchange(
        ("where can I see my past invoices?", "oh and can two people share one login?"),
        "All invoices are listed under Account, Payments; each one can be saved as a PDF file.",
        "invoices",
        ("login",),
    ),
    Exchange(
        ("is the lake trail open in winter", "my kids are 6 and 9", "it would be our first time"),
        "The lake trail is open all year, but from November to March there is no lifeguard.",
        "lake trail open",
    ),
    Exchange(
        ("I lost my locker key", "What do I have to pay?", "We are 14 people today, so fun"),
        "A lost locker key costs 15 euros; tell the desk and they open the locker for you.",
        "locker key",
        ("14 people",),
    ),
    Exchange(
        ("Does the yearly pass include the sauna?", "I might bring my sister too", "she has a students card"),
        "Students pay 20 percent less at the desk when they show a valid card.",
        "student",
    ),
    Exchange(
        ("Does the yearly pass include the sauna?", "my sister might come too", "thanks in advance"),
        "The sauna is part of the yearly pass, except on Friday evenings.",
        "sauna",
        ("sister",),
    ),
    Exchange(
        ("can I pay with a foreign debit card", "which languages do your guides speak"),
        "We take all cards with a chip, also foreign ones, and cash in euros.",
        "debit card",
        ("languages",),
    ),
    Exchange(
        ("My rowing machine squeaks.", "What oil should I use?", "How long is the warranty, by the way?"),
        "Put two drops of silicone oil on the rail once a month; never use cooking oil.",
        "oil",
        ("warranty",),
    ),
    Exchange(
        ("My rowing machine squeaks.", "What oil should I use?", "How long is the warranty, by the way?"),
        "The warranty lasts three years for the frame and one year for moving parts.",
        "warranty",
        ("oil",),
    ),
    Exchange(
        ("I want to cancel my course", "do I get a voucher instead?", "the teacher was lovely though"),
        "Courses can be cancelled up to seven days before; then you may choose a voucher or your money back.",
        "cancel my course",
        ("lovely",),
    ),
    Exchange(
        ("How deep is the small pool?", "Are towels for rent?", "Is there a bus from the station?"),
        "Towels cost 3 euros a day plus 5 euros deposit, at the counter next to the entrance.",
        "towels",
        ("pool", "bus"),
    ),
    Exchange(
        ("How deep is the small pool?", "Are towels for rent?", "Is there a bus from the station?"),
        "The small pool is 1.10 m deep everywhere, so most children over eight can stand in it.",
        "small pool",
        ("towels", "bus"),
    ),
    Exchange(
        ("wifi password?", "cannot find it on the ticket", "never mind found it. is there a quiet room?"),
        "The reading room on the second floor is quiet all day, and has sockets.",
        "quiet room",
        ("wifi",),
    ),
    Exchange(
        ("Can I move my booking to another day? Or get my money back?",),
        "Bookings can be moved once, free of charge, until noon of the day before.",
        "another day",
    ),
)

HELD_OUT = (
    Exchange(
        ("Do you repair other brands too?", "My chain fell off again today, so annoying"),
        "We repair bikes of every brand, except for electric ones with a Torvex motor.",
        "other brands",
        ("annoying",),
    ),
    Exchange(
        ("what pressure should my tyres have", "also do you sell bells"),
        "Four bar is right for city tyres, six for narrow ones; it stands on the side of the tyre.",
        "pressure",
        ("bells",),
    ),
    Exchange(
        ("what pressure should my tyres have", "also do you sell bells"),
        "Yes, bells start at 7 euros, and we screw them on while you wait.",
        "bells",
        ("pressure",),
    ),
    Exchange(
        ("How long does a big service take?", "ok", "anyone?", "I am leaving on holiday on Friday"),
        "A big service takes two working days, in spring up to four.",
        "big service",
        ("friday",),
    ),
    Exchange(
        ("Is my frame number registered with you?", "And can I insure the bike against theft?"),
        "Insurance against theft is offered by our partner; it costs about 6 euros a month.",
        "insure",
        ("frame number",),
    ),
    Exchange(
        ("Can I bring the bike on Saturdays? Do I need an appointment for a flat tyre?",),
        "Flat tyres are mended without an appointment, usually within the hour.",
        "appointment",
        ("saturdays",),
    ),
    Exchange(
        ("My order says returned to sender", "I live on the third floor", "the postman never rings"),
        "A parcel that comes back to us is sent once more, free of charge, to an address you choose.",
        "returned to sender",
    ),
    Exchange(
        ("can I collect points without the app?", "and where do I type in a voucher code?"),
        "Voucher codes are typed in on the last page before you pay, below the sum.",
        "voucher code",
        ("points",),
    ),
    Exchange(
        ("can I collect points without the app?", "and where do I type in a voucher code?"),
        "You can also collect points with the plastic card; ask for one at the till.",
        "points",
        ("voucher",),
    ),
    Exchange(
        ("do you ship to islands", "I mean the Faroe ones", "my cousin lives there with two cats"),
        "We ship to the Faroe Islands by sea mail; it takes two to three weeks.",
        "ship to islands",
        ("cats",),
    ),
    Exchange(
        ("Are the helmets sold in small sizes?", "It rains so much these days"),
        "Helmets come in sizes from 46 cm on, which fits most children of two years.",
        "helmets",
        ("rains",),
    ),
    Exchange(
        ("I forgot my password", "and the reset mail does not come", "is there a phone number?"),
        "Look into the spam folder; the mail comes from a sender called noreply and is sometimes held back.",
        "reset mail",
        ("phone",),
    ),
    Exchange(
        ("Which lock is the safest?", "Can I try a bike before I buy it?", "Do you take old bikes back?"),
        "We take old bikes back and pay up to 80 euros for them, depending on their state.",
        "old bikes",
        ("lock", "try a bike"),
    ),
    Exchange(
        ("Which lock is the safest?", "Can I try a bike before I buy it?", "Do you take old bikes back?"),
        "Test rides are free: leave your identity card at the desk and ride for up to an hour.",
        "try a bike",
        ("lock", "old bikes"),
    ),
    Exchange(
        ("Which lock is the safest?", "Can I try a bike before I buy it?", "Do you take old bikes back?"),
        "The folding lock of hardened steel got the best mark in our own test.",
        "lock",
        ("try a bike", "old bikes"),
    ),
    Exchange(
        (
            "the light flickers when I brake",
            "it is the model from 2024",
            "could you also send me a catalogue?",
        ),
        "Flickering comes from a loose plug under the saddle; push it in until it clicks.",
        "flickers",
        ("catalogue",),
    ),
    Exchange(
        ("how do i join the sunday tour", "is it hard?", "I have my own bike"),
        "Join by writing your name on the list in the shop, until Saturday evening.",
        "sunday tour",
    ),
    Exchange(
        ("Why was I charged 4 euros more?", "the lady at the till was nice but did not know"),
        "From July on every battery carries a recycling fee of 4 euros, set by law.",
        "4 euros more",
        ("lady",),
    ),
    Exchange(
        (
            "What are your hours on bank holidays?",
            "My nephew wants to learn how to weld",
            "do you teach that?",
        ),
        "We teach welding to anyone over 16, two evenings in a row, every month.",
        "weld",
        ("hours",),
    ),
    Exchange(
        (
            "What are your hours on bank holidays?",
            "My nephew wants to learn how to weld",
            "do you teach that?",
        ),
        "On bank holidays the shop is open from 10 to 14, the workshop is closed.",
        "hours",
        ("weld",),
    ),
)
