"""The services of learned answers and proposals in one place; the work is done beside it."""

from serving.learned_answers.deciding import (
    approve,
    get_proposal,
    not_reusable,
    questions_to_compare,
    reject,
    undo,
)
from serving.learned_answers.drafting import PreparedProposal, prepare_proposal, store_proposal
from serving.learned_answers.editing import create, edit, get, restore, retire, set_valid_until
from serving.learned_answers.tools import LearningTools

__all__ = [
    "LearningTools",
    "PreparedProposal",
    "approve",
    "create",
    "edit",
    "get",
    "get_proposal",
    "not_reusable",
    "prepare_proposal",
    "questions_to_compare",
    "reject",
    "restore",
    "retire",
    "set_valid_until",
    "store_proposal",
    "undo",
]
