# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a record is compared with others: a few short fields, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from ledger.duplicates.names import WORDS_MAX, Name, address_words, folded_words, name_of
from ledger.text import fold

if TYPE_CHECKING:
    from protocol.record import Record

_NAMES_MAX = 4
_SHARED_HOSTS = frozenset({"facebook.com", "instagram.com", "twitter.com", "x.com", "linkedin.com", "youtube.com"})
CONTACT_SCHEMES = ("@", "+")
"""Stand for a mail address and a telephone number among identifiers: equal ones say much, different ones nothing."""
_HOST_PREFIXES = ("www.", "m.", "de-de.", "fr-fr.", "en-gb.")


class Profile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One record, ready to be compared. `names`: each different name of it.

    `point` is (lat, lon) in 1e-7 degrees with the precision in metres; `website` has no scheme, `www.` or last slash.
    """

    rid: int
    kind: str
    names: tuple[Name, ...]
    place: tuple[str, ...] = ()
    point: tuple[int, int, int] | None = None
    website: str = ""
    street: tuple[str, ...] = ()
    postcode: str = ""
    country: str = ""
    identifiers: tuple[tuple[str, str], ...] = ()


def profile_of(rid: int, record: Record) -> Profile:
    """The profile of a record."""
    address, point = record.address, record.point
    names = dict.fromkeys(name_of(name) for _, name in sorted(record.name.items()))
    identifiers = {(one.scheme, fold(one.id).replace(" ", "")) for one in record.identifiers}
    if record.contact is not None and record.contact.visibility == "public":
        mail, phone = record.contact.email.lower(), "".join(filter(str.isdigit, record.contact.phone))
        identifiers |= {
            (scheme, told) for scheme, told in zip(CONTACT_SCHEMES, (mail, phone[-9:]), strict=True) if told
        }
    return Profile(
        rid,
        record.kind,
        tuple(name for name in names if name.words)[:_NAMES_MAX],
        tuple(folded_words(address.locality)[:WORDS_MAX]) if address else (),
        (point.lat, point.lon, point.precision) if point else None,
        website_key(record.url),
        address_words(address.street) if address else (),
        fold(address.postcode).replace(" ", "") if address else "",
        address.country if address else "",
        tuple(sorted(identifiers)),
    )


def website_key(url: str) -> str:
    """The same text for all spellings of one address on the web; nothing for the front page of a shared host."""
    if not url:
        return ""
    try:
        parts = urlsplit(url.lower())
        host = parts.hostname or ""
    except ValueError:
        return ""
    for prefix in _HOST_PREFIXES:
        host = host.removeprefix(prefix)
    path = parts.path.rstrip("/")
    for ending in ("/index.html", "/index.htm", "/index.php", "/home"):
        path = path.removesuffix(ending)
    if host in _SHARED_HOSTS and not path:
        return ""
    return f"{host}{path}" + (f"?{parts.query}" if parts.query else "")
