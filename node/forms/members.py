# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about members: taking in, changing, who they are, through whom they vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.own.member_keys import make_member_key
from ledger.own.spoken import Draft
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message

if TYPE_CHECKING:
    from protocol.encoding import Value

CLASSES = ("worker", "user", "commoner", "coop", "union", "city", "nonprofit", "for_profit")
_MEMBER = Field("member", message("Member"), "member")
_KEY_HINT = message("What `folkmoot member key` has printed. Without one this node makes a key and keeps it.")
_PRIVATE = message("Private: known to this node alone, and erasable.")


def _join(asked: Asked) -> list[Draft]:
    """With a key of their own they sign elsewhere; without one this node makes a key and keeps it."""
    member_id = asked.new_id(0)
    own = asked["key"]
    key = None if own else make_member_key()
    body: dict[str, Value] = {"key": own or key.public, "class": asked["class"], "custody": "own" if own else "node"}  # type: ignore[union-attr] # one of the two is there
    body |= {"group": True} if asked["group"] else {}
    organisation = asked.view.log_id
    join = Draft(
        "member.join", body, (organisation,), id=member_id, also=(key,) if key else (), others=(own,) if own else ()
    )
    profile = asked.given("name", "contact")
    if not profile or own:
        return [join]
    return [join, Draft("member.profile", {"member": member_id, **profile}, (organisation,), scope=2)]


def _set(asked: Asked) -> list[Draft]:
    changed: dict[str, Value] = asked.given("class", "status")
    if asked["votes"] is not None:
        changed["votes"] = asked["votes"] == "yes"
    if not changed:
        raise Unfit("", message("Say what is to change."))
    return [Draft("member.set", {"member": asked["member"], **changed}, (asked.view.log_id,))]


def _delegate(asked: Asked) -> list[Draft]:
    delegate = asked["delegate"] or b""
    return [Draft("member.set", {"member": asked["member"], "delegate": delegate}, (asked["member"],))]


def _rekey(asked: Asked) -> list[Draft]:
    """The old key signs, and so does the new one: elsewhere, if it is the member's own."""
    own = asked["key"]
    key = None if own else make_member_key()
    body: dict[str, Value] = {"member": asked["member"], "key": own or key.public, "custody": "own" if own else "node"}  # type: ignore[union-attr] # one of the two is there
    also, others = (key,) if key else (), (own,) if own else ()
    return [Draft("member.set", body, (asked["member"],), also=also, others=others)]


def _rekey_lost(asked: Asked) -> list[Draft]:
    body: dict[str, Value] = {"member": asked["member"], "key": asked["key"], "custody": "own", "decision": bytes(16)}
    return [Draft("member.set", body, (asked.view.log_id,), others=(asked["key"],))]


def _profile(asked: Asked) -> list[Draft]:
    said: dict[str, Any] = asked.given("name", "contact", "about")
    if asked["languages"]:
        said["languages"] = [tag.strip() for tag in asked["languages"].split(",") if tag.strip()]
    if not said:
        raise Unfit("", message("Say at least one thing about the member."))
    scope = 0 if asked["public"] else 2
    return [Draft("member.profile", {"member": asked["member"], **said}, (asked.view.log_id,), scope)]


FORMS = (
    Form(
        "member-add",
        "members",
        message("Take in a member"),
        message(
            "Without a key of their own this node makes a key and keeps it for them, which is shown wherever they are."
        ),
        (
            Field("class", message("Class"), "choice", choices=CLASSES, group="class"),
            Field("name", message("Name"), required=False, hint=_PRIVATE),
            Field("contact", message("Contact"), required=False, hint=_PRIVATE),
            Field("group", message("A collective without a legal form, hosted by this organisation"), "check"),
            Field(
                "key",
                message("Their own public key"),
                "key",
                required=False,
                hint=message(
                    "If they keep their key themselves: what `folkmoot member key` has printed. They sign, too."
                ),
            ),
        ),
        _join,
    ),
    Form(
        "member-set",
        "members",
        message("Change a member's class, status or vote"),
        message("This is the organisation's word."),
        (
            _MEMBER,
            Field("class", message("Class"), "choice", required=False, choices=CLASSES, group="class"),
            Field(
                "status",
                message("Status"),
                "choice",
                required=False,
                choices=("active", "paused", "left"),
                group="member_status",
            ),
            Field("votes", message("Votes"), "choice", required=False, choices=("yes", "no"), group="yes_no"),
        ),
        _set,
    ),
    Form(
        "member-profile",
        "members",
        message("Say who a member is"),
        message("What was said before is replaced. It stays with this node unless it is made public."),
        (
            _MEMBER,
            Field("name", message("Name"), required=False),
            Field("contact", message("Contact"), required=False),
            Field("about", message("About"), "area", required=False),
            Field("languages", message("Languages"), required=False, hint=message("Such as fr, en.")),
            Field("public", message("Let everybody read it"), "check"),
        ),
        _profile,
    ),
    Form(
        "member-rekey",
        "members",
        message("Change a member's key"),
        message("The old key signs, and the new one. A key that was given up never returns."),
        (_MEMBER, Field("key", message("Their own public key"), "key", required=False, hint=_KEY_HINT)),
        _rekey,
        {"not_authorised": "member", "already_resolved": "key"},
    ),
    Form(
        "member-rekey-lost",
        "members",
        message("Replace a key that was lost"),
        message("The assembly decides it; then the new key signs, too."),
        (_MEMBER, Field("key", message("Their own public key"), "key", hint=_KEY_HINT)),
        _rekey_lost,
        by_assembly=True,
    ),
    Form(
        "member-delegate",
        "members",
        message("Vote through another member"),
        message("It is the member's own word, and holds until they say otherwise. Without a delegate it ends."),
        (_MEMBER, Field("delegate", message("Who votes for them"), "member", required=False)),
        _delegate,
    ),
)
