"""What stays of a reply and of a customer's messages."""

import pytest

from knowledge.learning.cleaning import clean_answer, clean_question
from knowledge.learning.question import pick_question
from knowledge.privacy.removing import without_name


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("Hi Anna,\n\nThe link works for 30 minutes.", "The link works for 30 minutes."),
        ("Hello there! The link works once.", "The link works once."),
        ("hi you can skip a box until the 1st.", "You can skip a box until the 1st."),
        ("Thanks for reaching out! You can skip a box.", "You can skip a box."),
        ("Thanks for your patience, you can skip a box.", "You can skip a box."),
        ("Sorry for the wait. I'm Tom from support. You can skip a box.", "You can skip a box."),
        ("You can skip a box. Let me know if you need anything else!", "You can skip a box."),
        ("You can skip a box. Have a great day!", "You can skip a box."),
        ("You can skip a box. Hope this helps! Feel free to write again.", "You can skip a box."),
        ("You can skip a box.\n\nBest regards,\nTom\nTuckleaf support", "You can skip a box."),
        ("You can skip a box. Best regards, Tom — Tuckleaf support", "You can skip a box."),
        ("You can skip a box.\n\n– Tom", "You can skip a box."),
        ("Hi,\n\nyes, you can skip a box.\n\nBest, Tom", "Yes, you can skip a box."),
        ("yes, you can skip a box.", "yes, you can skip a box."),
        ("You can skip a box.\nTom, Tuckleaf support", "You can skip a box."),
        (
            "You can skip a box.\nTom, who grows our seedlings in Ghent, answers calls on weekdays.",
            "You can skip a box.\nTom, who grows our seedlings in Ghent, answers calls on weekdays.",
        ),
        ("Thanks!\n\nHi Anna,\nYou can skip a box.\n\nCheers,\nTom", "You can skip a box."),
        ("You can skip a box.\n> my earlier words\nOn Monday, Anna wrote:\nfoo", "You can skip a box."),
        ("I have refunded your order 4411. Refunds take 5 days.", "Refunds take 5 days."),
        (
            "Tap Reset. We send a code to your phone, with it you choose a new PIN. We refund you in time.",
            "Tap Reset. We send a code to your phone, with it you choose a new PIN. We refund you in time.",
        ),
        (
            "We have sent you a code. I have also blocked your card. Codes last an hour.",
            "Codes last an hour.",
        ),
        ("We are open all day. I will check your order. We looked into your case.", "We are open all day."),
        (
            "Your order has been shipped. It should arrive tomorrow. Boxes ship on the 8th.",
            "Boxes ship on the 8th.",
        ),
        ("I checked and the lamp is covered for 3 years.", "The lamp is covered for 3 years."),
        ("We changed our policy: 45 days from now on.", "We changed our policy: 45 days from now on."),
        ("Your account is locked if you mistype 6 times.", "Your account is locked if you mistype 6 times."),
        ("I wrote to anna@mail.example. Pods keep 18 months.", "Pods keep 18 months."),
        ("Write to help@shop.example with a photo.", "Write to help@shop.example with a photo."),
        ("I rang +1 555 010 9999. Pods keep 18 months.", "Pods keep 18 months."),
        ("Call us at +1 555 010 9999 on weekdays.", "Call us at +1 555 010 9999 on weekdays."),
        ("For order 4411-A the limit is 3 boxes.", "For order the limit is 3 boxes."),
        ("Pots ship on Monday. Your order TL-88213 leaves tomorrow.", "Pots ship on Monday."),
        (
            "Prices rise on 2026-03-01 to $1,200 or 45 days.",
            "Prices rise on 2026-03-01 to $1,200 or 45 days.",
        ),
        ("See https://t.example/p/123456789. Pods keep well.", "Pods keep well."),
        ("See [the guide](https://h.example/guide).", "See [the guide](https://h.example/guide)."),
        ("- Card 4111 1111 1111 1111 is no secret\n- second", "- Card […] is no secret\n- second"),
        ("Do this:\n\n1. Open the app.\n2. Tap **Skip**.", "Do this:\n\n1. Open the app.\n2. Tap **Skip**."),
        ("Is the light red? Then replace the pump.", "Is the light red? Then replace the pump."),
        ("It is made of steel. It needs no hub.", "It is made of steel. It needs no hub."),
        ("No, we do not ship there.", "No, we do not ship there."),
        ("当然可以。请打开应用程序，然后选择跳过。", "当然可以。请打开应用程序，然后选择跳过。"),
    ],
)
def test_what_holds_for_the_next_customer_stays(reply: str, kept: str) -> None:
    assert clean_answer(reply, agent_names=["Tom"]).text == kept


@pytest.mark.parametrize(
    "signature",
    [
        *(
            " Tom",
            " - Tom",
            " — Tom B.",
            " Thanks, Tom",
            " Regards Tom",
            " /tb",
            " ^TB",
            " Warmly, Tom",
            " xx Tom",
        ),
        *(
            "\nTom",
            "\nTom from Billing",
            "\nTom (Billing)",
            "\nTom | Support",
            "\n/Tom",
            "\nT.",
            "\nTom :)",
            "\n*Tom*",
        ),
        *("\nYour Tuckleaf team", " The support team", " Love, the Tuckleaf team", "\nTuckleaf Support"),
        *("\nCustomer Care", "\n~ Tom 🌱", "\nTom Baker, Team Lead, Billing", " Best wishes from Tom"),
        *("\nViele Grüße\nTom Baker", "\nMit freundlichen Grüßen", "\nMfG\nTom", "\nUn saludo,\nTom"),
        *(" Saludos, Tom", "\nSalam, Tom", "\nTerima kasih, Tom", "\nAll the best from Ghent, Tom"),
    ],
)
def test_who_signs_on_the_last_line_goes(signature: str) -> None:
    reply = f"You can skip a box until the 1st.{signature}"
    assert clean_answer(reply, agent_names=["Tom Baker"]).text == "You can skip a box until the 1st."


@pytest.mark.parametrize(
    "reply",
    [
        "Skipping is done by the shop. Write to Tom.",
        "Boxes are packed by people. Ask for the Tuckleaf team.",
        "Choose one of our teams:\nBilling\nSupport",
        "Choose who answers you:\nTuckleaf Support",
        "You pay 9 euros.\nNo fees",
        "Open the box first. Tom answers calls on weekdays.",
        "Use the big pot. Warmly lit places are best.",
        "Two sizes fit. X - large.",
    ],
)
def test_a_last_line_that_says_something_stays(reply: str) -> None:
    assert clean_answer(reply, agent_names=["Tom Baker"]).text == reply


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Let me check, one moment please.",
        "Hi Anna, just a moment!",
        "Hello! Could you send me your order number?",
        "I have refunded your order 4411.",
        "I've cancelled it for you. You should see the money within 5 days.",
        "I'll ask my colleague and get back to you.",
        "We have sent you a new one. Have a nice day!",
        "Done!",
        "You're welcome!",
        "Thanks,\nTom",
        "What is your e-mail address?",
        "Which plan are you on?",
        "Your replacement is on its way.",
        "I checked and it works again.",  # three words say nothing to others
        "I checked and the lamp you have is covered for 3 years.",
    ],
)
def test_case_work_stalling_and_questions_back_teach_nothing(reply: str) -> None:
    assert clean_answer(reply, agent_names=["Tom"]).text == ""


def test_the_customers_name_goes_but_a_word_that_is_also_a_name_stays() -> None:
    assert without_name("Anna, open the app, Anna.", "Anna Berg") == "Open the app."
    assert without_name("Anna's box is for Anna Berg only", "Anna Berg") == "your box is for only"
    assert (
        without_name("Will the pump stop? Will, it stops.", "Will Smith") == "Will the pump stop? It stops."
    )
    assert without_name("Anna stays", None) == "Anna stays"


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("Hi, how do I skip a box? Thanks!", "How do I skip a box?"),
        ("hello can i skip a box please", "Can i skip a box"),
        ("I'm Anna Berg. My e-mail is anna@x.example. Where is my parcel?", "Where is my parcel?"),
        ("Where is my order #4411-22?", "Where is my order?"),
        ("Is there a refund for order 4411-22?", "Is there a refund?"),
        ("Status for order 4411-22", "Status for order"),
        (
            "my name is Jonas Feld and I want to know if pots go to Malta",
            "I want to know if pots go to Malta",
        ),
        ("Hi, I'm Marta Quill, my pot leaks. Is it covered?", "My pot leaks. Is it covered?"),
        ("My order number is 4411.", ""),
        ("thank you so much!", ""),
        ("¿Cómo cambio mi contraseña?", "¿Cómo cambio mi contraseña?"),
    ],
)
def test_a_question_is_made_general(message: str, question: str) -> None:
    assert clean_question(message, customer_name="Anna Berg").text == question


@pytest.mark.parametrize(
    ("messages", "question"),
    [
        (
            ["Hi", "my pump is loud", "since yesterday", "what can I do?"],
            "My pump is loud since yesterday what can I do?",
        ),
        (
            ["How do I change my address?", "hello??", "talk to a person", "thanks"],
            "How do I change my address?",
        ),
        (["How do I change my address?", "Where do I find my invoices?"], "Where do I find my invoices?"),
        (["do you sell seeds", "and how much are they?"], "Do you sell seeds and how much are they?"),
        (["ok thanks, and can I use my own seeds"], "Can I use my own seeds"),
        (["Can I give my account to another person?"], "Can I give my account to another person?"),
        (["如何跳过一个月？"], "如何跳过一个月？"),
        (["hello?", "anyone there?", "I want to talk to a human"], ""),
        ([], ""),
    ],
)
def test_the_last_message_with_substance_is_the_question(messages: list[str], question: str) -> None:
    assert pick_question(messages).text == question
