# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys on disk and recovery secrets on paper."""

from __future__ import annotations

import os
import re
from base64 import b32decode, b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.errors import RefusedError, StoreDamagedError, StoreUnusableError
from protocol.signature import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = "folkmoot {what} key 1"
SECRET_BYTES = 32
SECRET_GROUPS, GROUP_CHARACTERS = 14, 4
"""A recovery secret on paper: the 32 bytes and 3 of a check, in base32."""
_GROUP = re.compile("[a-z2-7]{1,4}")


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner can read, in place of one that may be there: all of it, or nothing."""
    coming = path.with_name(f"{path.name}.{os.urandom(4).hex()}.coming")
    descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        coming.replace(path)
    except BaseException:
        coming.unlink(missing_ok=True)
        raise


def write_key(path: Path, key: SigningKey, what: str = "operating") -> None:
    """Writes a key file that only its owner can read; never over another one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{_HEADER.format(what=what)}\n{key.seed.hex()}\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path, what: str = "operating") -> SigningKey:
    """The key in a key file. Raises StoreUnusableError if it is missing, StoreDamagedError if it is not one."""
    try:
        lines = path.read_text("ascii").split("\n")
    except FileNotFoundError:
        lost = "; if it is lost, `folkmoot key recover` makes a new one" if what == "operating" else ""
        raise StoreUnusableError(f"the {what} key {path} is missing: put it back from where it is kept{lost}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnusableError(f"the {what} key {path} cannot be read: {error}") from None
    try:
        seed = bytes.fromhex(lines[1])
    except (IndexError, ValueError):
        seed = b""
    if lines[0] != _HEADER.format(what=what) or len(seed) != SECRET_BYTES:
        raise StoreDamagedError(f"{path} is not {'an' if what[0] in 'aeiou' else 'a'} {what} key")
    return SigningKey.from_seed(seed)


def witness_key(path: Path) -> SigningKey:
    """The witness key of this node, made where it is missing. Raises StoreUnusableError, StoreDamagedError.

    It is made whole or not at all, and can be made anew: a witness that lost its key is another witness, while one that
    lost what it has seen, and kept its key, could be shown a second history.
    """
    if not path.exists():
        partial = path.with_name(path.name + ".part")
        partial.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_key(partial, SigningKey.from_seed(os.urandom(SECRET_BYTES)), "witness")
        partial.replace(path)
    return read_key(path, "witness")


def show_secret(secret: bytes) -> str:
    """A recovery secret as people write it down: groups of four characters, the last ones a check."""
    text = b32encode(secret + sha256(secret).digest()[:3]).decode().rstrip("=").lower()
    return " ".join(grouped(text))


def read_secret(text: str) -> bytes:
    """The secret that somebody typed from paper. Raises RefusedError if a character is wrong, by group where it can."""
    groups = grouped(text)
    strange = [str(number) for number, group in enumerate(groups, 1) if not _GROUP.fullmatch(group)]
    if strange:
        raise RefusedError(
            f"a character of the recovery secret is wrong, in group {', '.join(strange)}: a sheet has only the letters "
            "a to z and the digits 2 to 7"
        )
    if len(groups) != SECRET_GROUPS or len(groups[-1]) != GROUP_CHARACTERS:
        raise RefusedError(
            f"a character of the recovery secret is wrong: there are {SECRET_GROUPS} groups of {GROUP_CHARACTERS}, and "
            f"not {sum(map(len, groups))} characters"
        )
    data = b32decode("".join(groups).upper())
    secret, check = data[:SECRET_BYTES], data[SECRET_BYTES:]
    if sha256(secret).digest()[:3] != check:
        raise RefusedError("a character of the recovery secret is wrong: compare it with the sheet, group by group")
    return secret


def grouped(text: str) -> list[str]:
    """What somebody typed, in the groups of a sheet, wherever they put blanks."""
    joined = "".join(text.split()).lower()
    return [joined[n : n + GROUP_CHARACTERS] for n in range(0, len(joined), GROUP_CHARACTERS)]
