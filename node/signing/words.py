# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of a holder says: all of it in all languages, since the page may be opened without a node."""

from __future__ import annotations

import json
from functools import cache

from node.translations import catalogue, languages
from node.web.words import message

SIGNING_WORDS = {
    "title": message("Sign an amendment of a charter"),
    "skip": message("Skip to the content"),
    "language": message("Language"),
    "intro": message(
        "For whoever keeps a recovery sheet. This page says what the amendment changes, and signs it with your sheet, "
        "on this device."
    ),
    "offline": message(
        "Nothing leaves this page: it can connect to nobody. To be sure, save it, go offline, and open it from your "
        "disk."
    ),
    "file_title": message("1. The amendment"),
    "choose_file": message("The file that the organisation sent you"),
    "paste": message("Or paste its text"),
    "text": message("Text of the amendment"),
    "take_text": message("Read it"),
    "details": message("In technical words"),
    "no_amendment": message("This is not the file of an amendment."),
    "not_following": message(
        "Do not sign this: it does not follow from the charter that it names, or was changed on its way."
    ),
    "whose": message("Whose charter it changes"),
    "organisation": message("Organisation"),
    "log": message("Log"),
    "log_hint": message("Compare it with the log on your sheet, the first eight characters at least."),
    "number": message("Number of the charter"),
    "signatures": message("Signatures"),
    "signed_of": message("{signed} of the {threshold} needed; there are {holders} sheets"),
    "changes": message("What it changes"),
    "changes_none": message("Nothing but the recovery keys, which change each time."),
    "what_new_key": message("New operating key"),
    "what_removed_key": message("Operating key removed"),
    "what_name": message("Name"),
    "what_kind": message("Kind"),
    "what_languages": message("Languages"),
    "what_territory": message("Territory"),
    "what_endpoints": message("Addresses"),
    "what_witnesses": message("Witnesses"),
    "what_quorum": message("Witnesses needed"),
    "what_licence": message("Licence"),
    "what_assembly": message("Rules of the assembly"),
    "what_threshold": message("Sheets needed"),
    "what_epoch": message("New epoch"),
    "for_ever": message("for ever"),
    "before": message("before:"),
    "after": message("then:"),
    "nothing": message("nothing"),
    "rules": message("{turnout} of the members have to vote, more than {majority} of the votes decide"),
    "rules_none": message("no rules of its own: half of the members have to vote, more than half of the votes decide"),
    "epoch_says": message(
        "Epoch {epoch} is opened. Of the one before, the first {size} entries count, and nothing after them."
    ),
    "holder_title": message("2. Your sheet"),
    "caution": message(
        "Sign only what you agree with, and what the organisation can explain to your face. Sign one amendment for "
        "each number."
    ),
    "secret": message("The secret on your sheet"),
    "secret_hint": message(
        "14 groups of 4 characters: the letters a to z and the digits 2 to 7. Blanks do not matter."
    ),
    "show_secret": message("Show what I type"),
    "sign": message("Sign with this secret"),
    "choose_sheet": message("Or the file of your sheet: it signs at once"),
    "secret_letters": message(
        "A character is wrong in group {groups}: a sheet has only the letters a to z and the digits 2 to 7."
    ),
    "secret_length": message("A sheet has 14 groups of 4 characters, 56 in all. These are {number}."),
    "secret_check": message("A character of the secret is wrong: compare it with the sheet, group by group."),
    "no_sheet": message("This is not a recovery sheet."),
    "sheet_other": message("This sheet is not one of the recovery sheets of this organisation."),
    "sheet_earlier": message("This sheet belonged to an earlier recovery set, and not to the one in force."),
    "signed_already": message("This sheet has signed already: the sheet of another holder is needed."),
    "signed_enough": message("It has all the signatures that it needs."),
    "done_title": message("3. Signed"),
    "more_lacking": message("Your signatures are in the file. Still lacking: {number}."),
    "complete": message("Your signatures are in the file, and it has all that it needs."),
    "your_key": message("By the recovery key"),
    "give_back": message(
        "Give the file back to the organisation, or to the next holder. It holds no secret. Never give your sheet."
    ),
    "save": message("Save the signed file"),
    "signed_text": message("Or copy its text"),
    "copy": message("Copy the text"),
    "copied": message("Copied."),
}
UNSCRIPTED = message("This page signs by a script of its own. Let scripts run to sign.")


@cache
def words_script() -> str:
    """All words of the page as a script, behind that of the verifier's page which looks them up (page-words.js)."""
    told = {
        language: {"messages": {name: catalogue(language).gettext(text) for name, text in SIGNING_WORDS.items()}}
        for language in languages()
    }
    return f"Object.assign(WORDS, {json.dumps(told, separators=(',', ':'))});"
