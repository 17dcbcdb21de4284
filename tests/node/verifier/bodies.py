# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of statements drawn from the types that the program reads them with, most of them right, some just not."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

_LETTERS = "aZ9._-é漢\n\N{GRINNING FACE}"
_CODE = "aZ9._-"


@cache
def _info(shape: type[msgspec.Struct]) -> Any:
    return inspect.type_info(shape)


class Drawing:
    """Draws values of a type; one in `slips` parts breaks a limit, is left out, or is of another sort."""

    def __init__(self, chance: random.Random, slips: int) -> None:
        self._chance = chance
        self._slips = slips

    def body(self, shape: type[msgspec.Struct]) -> dict[str, Any]:
        """A body of that shape, or nearly."""
        value = self._struct(_info(shape))
        assert isinstance(value, dict)
        return value

    def _slips_now(self) -> bool:
        return self._chance.randrange(self._slips) == 0

    def _value(self, info: Any) -> Any:  # noqa: C901 - one branch for each sort of type
        if self._slips_now():
            return self._chance.choice([0, -1, 2**62, True, b"", b"\1" * 16, "", "other", [], {}, [1, 1]])
        match info:
            case inspect.UnionType():
                kinds = [one for one in info.types if not isinstance(one, inspect.NoneType)]
                return self._value(self._chance.choice(kinds))
            case inspect.StructType():
                return self._struct(info)
            case inspect.IntType():
                return self._integer(info)
            case inspect.BytesType():
                return self._chance.randbytes(self._length(info))
            case inspect.StrType():
                return self._text(info)
            case inspect.LiteralType():
                return self._chance.choice(info.values)
            case inspect.BoolType():
                return self._chance.random() < 0.5
            case inspect.ListType():
                items = [self._value(info.item_type) for _ in range(self._length(info, 3))]
                return sorted(items) if self._sorts(items) else items
            case inspect.TupleType():
                return [self._value(one) for one in info.item_types]
            case inspect.DictType():
                count = self._length(info, 3)
                return {self._key(info.key_type): self._value(info.value_type) for _ in range(count)}
        raise AssertionError(info)

    def _key(self, info: Any) -> str:
        if isinstance(info, inspect.LiteralType):
            return "nobody" if self._slips_now() else str(self._chance.choice(info.values))
        return self._chance.choice(["fr", "en", "pt-BR", "und", "x y" if self._slips_now() else "nl"])

    def _sorts(self, items: list[Any]) -> bool:
        """Whether items can be put in the order in which they nearly always belong."""
        keys = [item[0] if isinstance(item, list) and item else item for item in items]
        pairs = all(isinstance(item, list) and len(item) == 2 and isinstance(item[1], int) for item in items)
        plain = all(isinstance(item, bytes) for item in items)
        return all(isinstance(key, bytes) for key in keys) and (pairs or plain) and not self._slips_now()

    def _struct(self, info: Any) -> dict[str, Any]:
        body = {}
        for field in info.fields:
            must = field.required and not self._slips_now()
            if must or self._chance.random() < 0.6:
                body[field.encode_name] = self._value(field.type)
        if info.tag_field:
            body[info.tag_field] = info.tag
        if self._slips_now():
            body["zzz"] = 1
        return body

    def _integer(self, info: Any) -> int:
        low = info.ge if info.ge is not None else -(2**40)
        high = info.le if info.le is not None else info.lt - 1 if info.lt is not None else 2**40
        outside = [low - 1, high + 1] if self._slips_now() else []
        return self._chance.choice([low, high, self._chance.randint(low, high), *outside])

    def _length(self, info: Any, usual: int = 40) -> int:
        low = info.min_length or 0
        high = info.max_length if info.max_length is not None else low + usual
        if self._slips_now():
            return self._chance.choice([max(low - 1, 0), high + 1])
        return self._chance.choice([low, self._chance.randint(low, min(high, low + usual)), min(high, 40)])

    def _text(self, info: Any) -> str:
        if info.pattern is None:
            letters = f"{_LETTERS}\a" if self._slips_now() else _LETTERS
            return "".join(self._chance.choices(letters, k=self._length(info)))
        most = int(re.findall(r"\{1,([0-9]+)\}", info.pattern)[0])
        length = self._chance.choice([1, most, 3, most + 1 if self._slips_now() else 1])
        return "".join(self._chance.choices(_CODE, k=length)) + ("\n" if self._slips_now() else "")
