# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.mapping import KINDS_IMPORTED, CodeColumn, Mapping, TextColumn, from_toml, to_toml
from ledger.importing.problem import MappingError

_COLUMN = st.text(min_size=1)
_COLUMNS = st.lists(_COLUMN, max_size=3).map(tuple)
_TEXTS = st.lists(st.builds(TextColumn, column=_COLUMN, language=st.sampled_from(["", "fr", "pt-BR"])), max_size=3)
_CODES = st.lists(
    st.builds(
        CodeColumn,
        column=_COLUMN,
        scheme=st.sampled_from(["ica", "osm", "sous-domaine"]),
        prefix=st.text(max_size=5),
        separator=st.text(max_size=2),
        tail=st.booleans(),
    ),
    max_size=3,
)
_MAPPINGS = st.builds(
    Mapping,
    set=st.from_regex(r"[a-z0-9._-]{0,64}", fullmatch=True),
    kind=st.sampled_from(KINDS_IMPORTED),
    language=st.sampled_from(["und", "fr", "ca"]),
    licence=st.sampled_from(["", "CC0-1.0", "LicenseRef-public-domain"]),
    attribution=st.text(max_size=500),
    identifier=st.text(),
    name=_TEXTS.map(tuple),
    description=_TEXTS.map(tuple),
    url=_COLUMNS,
    links=_COLUMNS,
    latitude=_COLUMN,
    longitude=_COLUMN,
    precision=st.integers(0, 100_000),
    street=_COLUMNS,
    categories=_CODES.map(tuple),
    structure=_CODES.map(tuple),
    identifiers=_CODES.map(tuple),
    hours=_COLUMNS,
    status=_COLUMNS,
)


@given(_MAPPINGS)
def test_toml_gives_the_mapping_back(mapping: Mapping) -> None:
    assert from_toml(to_toml(mapping)) == mapping


def test_toml_is_one_line_per_entry_without_defaults() -> None:
    mapping = Mapping(set="a", name=(TextColumn("nom", "fr"),), categories=(CodeColumn("x", "ica", tail=True),))
    assert to_toml(mapping).splitlines()[1:] == [
        'set = "a"',
        'name = [{ column = "nom", language = "fr" }]',
        'categories = [{ column = "x", scheme = "ica", tail = true }]',
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("set = 'a'\nkind = x", "not valid TOML.*line 2"),
        ("colour = 'red'", "unknown field `colour`"),
        ("precision = 1.5", r"precision"),
        ("precision = -1", "metres"),
        ("set = 'Not A Name'", "set: 'Not A Name' is not right"),
        ("kind = 'offer'", "kind: 'offer' is not right, it must be one of organisation"),
        ("language = 'french language'", "language"),
        ("licence = 'free for all!'", "licence.*SPDX"),
        ("name = [{ column = 'a', language = '?' }]", r"name\[0\]|language"),
        ("name = 'a'", "name"),
        ("identifiers = [{ column = 'a' }]", "scheme"),
        ("categories = [{ column = 'a', scheme = 'A B' }]", "scheme"),
        ("latitude = 'a'", "together with longitude"),
    ],
)
def test_a_wrong_entry_is_named(text: str, error: str) -> None:
    with pytest.raises(MappingError, match=error):
        from_toml(text)


def test_a_mapping_that_is_built_wrong_does_not_exist() -> None:
    with pytest.raises(MappingError, match="attribution"):
        Mapping(attribution="x" * 501)


def test_gaps_and_columns() -> None:
    assert [gap.split(":")[0] for gap in Mapping().gaps()] == ["set", "licence", "name"]
    full = Mapping(set="a", licence="CC0-1.0", name=(TextColumn("n"),), url=("u", "n"), latitude="y", longitude="x")
    assert full.gaps() == ()
    assert full.columns() == ("y", "x", "n", "u")
