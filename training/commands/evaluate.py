"""`firstlast eval …`: every command, those of eval and those that fit something first."""

import typer

from eval.commands.followups import followups_command
from eval.commands.mood import mood_command
from eval.commands.personal_data import personal_data_command
from eval.commands.report import report_command
from training.commands.eval_answers import answers_command
from training.commands.eval_intents import intents_command
from training.commands.eval_replay import replay_command
from training.commands.eval_retrieval import retrieval_command
from training.commands.eval_sentiment import sentiment_command
from training.commands.eval_wants_person import wants_person_command
from training.commands.eval_words import dressed_command, taught_command, words_command

app = typer.Typer(no_args_is_help=True, help="Measure how good the bot is, with 95 % intervals.")
app.command("intents")(intents_command)
app.command("sentiment")(sentiment_command)
app.command("mood")(mood_command)
app.command("wants-person")(wants_person_command)
app.command("retrieval")(retrieval_command)
app.command("answers")(answers_command)
app.command("words")(words_command)
app.command("taught")(taught_command)
app.command("dressed")(dressed_command)
app.command("followups")(followups_command)
app.command("personal-data")(personal_data_command)
app.command("replay")(replay_command)
app.command("report")(report_command)
