# SPDX-License-Identifier: AGPL-3.0-or-later
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.detect import DELIMITERS, decode, detect_decimal, detect_delimiter, strip_types
from ledger.importing.problem import ImportFileError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_told(encoding: str) -> None:
    text = "nom;adresse\nÉpicerie coopérative;1 rue de l'Église\n"
    assert decode(text.encode(encoding))[0] == text


def test_windows_1252_unless_a_byte_has_no_meaning_there() -> None:
    assert decode("prix;10 €\n".encode("cp1252")) == ("prix;10 €\n", "cp1252")
    assert decode(b"a;\xe9\x81\n") == ("a;é\x81\n", "iso8859-1")


def test_an_encoding_can_be_given() -> None:
    assert decode("Łódź".encode("iso8859-2"), "latin2") == ("Łódź", "iso8859-2")
    with pytest.raises(ImportFileError, match=r"no encoding named 'utf8000'"):
        decode(b"a", "utf8000")
    with pytest.raises(ImportFileError, match=r"Byte 4 \(line 2\) is not utf-8"):
        decode(b"a,b\n\xff", "utf-8")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        ("name,town\nÉté,Orléans é".encode()[:-1], r"Byte 25 \(line 2\) is not utf-8: the file is cut off"),
        (b"name,town\nsomething,else\nx,y\0z\n", r"Character 28 \(line 3\) is a zero byte"),
        ("name,town\n".encode("utf-16")[:-1], "is not utf-16"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, text: str) -> None:
    with pytest.raises(ImportFileError, match=text):
        decode(data)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), min_size=1))
def test_utf8_is_never_taken_for_anything_else(text: str) -> None:
    if text.encode().strip():
        assert decode(text.encode()) == (text, "utf-8")


def test_delimiters_inside_quotes_do_not_count() -> None:
    assert detect_delimiter('name;note\n"a,b,c\n,,";"d,e"\nf;"g,h"\n') == ";"
    assert detect_delimiter("name\tnote\na, b\tc, d\n") == "\t"


def test_a_dbase_header_keeps_its_names() -> None:
    text = "FID_eqpt_2,N,9,0;LIBEL,C,254;BIS,C,254\n1;Musée, le;\n2;Stade;bis\n"
    assert detect_delimiter(text) == ";"
    assert strip_types(text.partition("\n")[0].split(";"), ";") == ["FID_eqpt_2", "LIBEL", "BIS"]
    assert strip_types(["a", "N"], ",") == ["a", "N"]


@pytest.mark.parametrize("text", ["just some prose\nin lines\n", "{}", "one\n1,2\n3,4\n"])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(ImportFileError, match="not a table"):
        detect_delimiter(text)


_CELLS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1), min_size=3, max_size=3)


@given(st.sampled_from(DELIMITERS), st.lists(_CELLS, min_size=2, max_size=8))
def test_a_table_written_with_quotes_is_found_again(delimiter: str, rows: list[list[str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["one", "two", "three"], *rows])
    assert detect_delimiter(stream.getvalue()) == delimiter


def test_the_decimal_mark_of_the_majority() -> None:
    assert detect_decimal(["3,89967141", " 43,5 ", "1.5", "a,b", "1,2,3"]) == ","
    assert detect_decimal(["3.5", "1,200"]) == "."
    assert detect_decimal([]) == "."
