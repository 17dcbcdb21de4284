# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where what each command does is done on the pages; or why it is done on the machine alone, and how."""

from __future__ import annotations

from typing import NamedTuple

from node.web.words import message

DO = "/steward/do/"


class Command(NamedTuple):
    """A command: (address, message) of pages that do the same; a message why there is none, or what is left out."""

    command: str
    pages: tuple[tuple[str, str], ...]
    why: str = ""


_MACHINE = message("It is about this machine, before or without a running node.")
_LOST = message(
    "After a loss there is no running node: with enough recovery sheets the command sets up a new one, from a backup "
    "or a peer's copy."
)
_SHEETS = message("Holders of recovery sheets sign it in their own browsers; the node then starts again by itself.")
_CHARTER = ("/steward/charter", message("Charter and keys"))
_FORMS = message("What a steward can do")
_PEERS = message("Peers, witnesses, logs")
_OWN_KEY = message("A member does it with their own key, on their own machine, without a node.")
_BALANCE = message("The statement on the page of each member proves all of their balances.")
COMMANDS: tuple[Command, ...] = (
    Command("folkmoot init", (), _MACHINE),
    Command("folkmoot serve", (), _MACHINE),
    Command("folkmoot restore FOLDER", (), _MACHINE),
    Command("folkmoot doctor", (("/steward/health", message("Health and backups")),)),
    Command("folkmoot backup FOLDER", (("/steward/health#backups", message("Backups")),)),
    Command("folkmoot key show", (_CHARTER,)),
    Command("folkmoot key amend, server", (("/steward/charter#change", message("Charter and keys")),), _SHEETS),
    Command("folkmoot key rotate, revoke", (("/steward/charter#keys", message("Charter and keys")),), _SHEETS),
    Command("folkmoot key epoch", (("/steward/charter#epoch", message("Charter and keys")),), _SHEETS),
    Command("folkmoot key sign FILE", (("/sign-amendment", message("Sign an amendment of a charter")),)),
    Command("folkmoot key apply FILE", (_CHARTER,), _SHEETS),
    Command("folkmoot key recover", (), _LOST),
    Command("folkmoot log list", (("/peers", message("Federation")), ("/logs", message("Logs and peers")))),
    Command("folkmoot log admit, follow, mirror, unfollow LOG", (("/steward/federation", _PEERS),)),
    Command("folkmoot log region NAME", (("/steward/federation#regions", message("Regions followed")),)),
    Command("folkmoot log vouch LOG", ((DO + "vouch", message("Vouch for an organisation")),)),
    Command("folkmoot peer witness add, list, remove KEY", (("/steward/federation#witnesses", message("Witnesses")),)),
    Command("folkmoot log show, prove", (("/", message("Directory")),), message("On the page of each entry.")),
    Command("folkmoot log balance", (("/ledger", message("Ledger")),), _BALANCE),
    Command(
        "folkmoot log fork-proof", (("/peers", message("Federation")),), message("Beside each log that has forked.")
    ),
    Command("folkmoot log erase", ((DO + "erase", message("Erase what an entry says")),)),
    Command("folkmoot log erased", (("/logs", message("Logs and peers")),)),
    Command("folkmoot log audit", (("/steward/health#audit", message("Check every entry again")),)),
    Command("folkmoot log override", (("/steward/override", message("Sign without an answer")),)),
    Command("folkmoot log rebuild", (), message("It makes the tables of the store anew; the node is stopped for it.")),
    Command("folkmoot peer add, list, remove URL", (("/steward/federation#peers", _PEERS),)),
    Command("folkmoot peer allow, deny LOG", (("/steward/federation", _PEERS),)),
    Command("folkmoot peer net", (("/peers", message("Federation")),)),
    Command("folkmoot peer circle", ((DO + "circle", message("Let an organisation read what is for the circle")),)),
    Command(
        "folkmoot moderation deny, label, list, subscribe, unsubscribe",
        (
            (DO + "deny", message("Show a log or record no more")),
            (DO + "label", message("Put a label on a log or record")),
            ("/steward/federation", _PEERS),
        ),
    ),
    Command("folkmoot moderation log", (("/moderation", message("Decisions")),)),
    Command(
        "folkmoot bundle export, import",
        (("/steward/bundles", message("Logs in a file")),),
        message("From a folder or an address of the web on the machine."),
    ),
    Command("folkmoot search", (("/", message("Directory")),)),
    Command(
        "folkmoot record",
        (("/propose", message("Add something")),),
        message("A steward finds the pictures of an entry on its own page."),
    ),
    Command("folkmoot record check", (("/steward/checks", message("What nobody has checked for a year")),)),
    Command("folkmoot proposal", (("/proposals", message("Proposals")),)),
    Command("folkmoot proposal link NAME", (("/steward/links", message("Links for proposing")),)),
    Command("folkmoot role", (("/steward/roles", message("Roles")),)),
    Command("folkmoot import FILE", (("/steward/import", message("Import")),)),
    Command("folkmoot duplicates", (("/steward/duplicates", message("Likely duplicates")),)),
    Command("folkmoot places", (("/steward/places", message("Missing and doubtful places")),)),
    Command("folkmoot match", (("/offers", message("Offers and needs")),)),
    Command("folkmoot member", ((DO + "member-add", message("Take in a member")), ("/steward#members", _FORMS))),
    Command("folkmoot member link MEMBER", (("/ledger", message("Ledger")),), message("On the page of each member.")),
    Command("folkmoot member fetch, key, sign, sign-in", (), _OWN_KEY),
    Command("folkmoot unit, account, pay, post", (("/steward#accounts", _FORMS),)),
    Command("folkmoot contract", (("/steward#contracts", _FORMS),)),
    Command("folkmoot event, booking", (("/steward#work", _FORMS),)),
    Command("folkmoot claim", (("/steward#claims", _FORMS),)),
    Command("folkmoot collective", (("/steward#collectives", _FORMS),)),
    Command("folkmoot assembly, dispute", (("/steward#assembly", _FORMS),)),
    Command("folkmoot neighbour", (("/steward#neighbours", _FORMS),)),
    Command("folkmoot note, say, submit", (("/steward#others", _FORMS),)),
    Command("folkmoot term, skill, problem, need, principle", (("/knowledge", message("Knowledge")),)),
    Command(
        "folkmoot term export, import",
        (("/knowledge/glossary", message("Glossary")),),
        message("A table of words is read in on the machine."),
    ),
    Command("folkmoot flows", (("/flows", message("At a glance")),)),
    Command("folkmoot statement MEMBER", (("/ledger", message("Ledger")),), message("On the page of each member.")),
    Command("folkmoot verify FILE", (("/verify", message("Check it yourself")),)),
    Command("folkmoot export", (("/ledger", message("Ledger")),)),
    Command("folkmoot demo, completion", (), _MACHINE),
)
