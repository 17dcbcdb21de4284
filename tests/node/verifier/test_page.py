# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page that verifies itself, opened from disk in Chromium."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import pytest

from node.verifier.page import verifier_page
from node.verifier.scripts import LANGUAGES, PAGE, join, read
from protocol.clauses import CLAUSE_KINDS, MemberClass
from protocol.member_replay import MemberVerdict
from protocol.proof import Verdict
from protocol.reciprocity import RECIPROCITY_BODIES
from protocol.reciprocity_bodies import AccountType, Action, PostCode
from tests.node.verifier.browser import Tab, browsing
from tests.node.verifier.rich import rich_statement
from tests.node.verifier.running import vector_files, word_tables

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "</script><script>document.title='x'</script><img src=x onerror=\"document.title='x'\">\u202e{language} &amp; $1"
WITNESSES = ("north", "south")
_WORDS = {"en": "True", "fr": "Vrai", "nl": "Waar", "de": "Wahr", "es": "Verdadero", "ca": "Cert", "it": "Vero"}


def saved(folder: Path, name: str, file: bytes, trust: bytes = b"") -> str:
    """The address of a page on disk."""
    path = folder / f"{name}.html"
    path.write_text(verifier_page(file, ("fr",), trust), "utf-8")
    return path.as_uri()


async def shown(tab: Tab, address: str) -> str:
    """The word of the verdict on a page, or what is said instead of one."""
    await tab.open(address)
    return await verdict(tab)


async def verdict(tab: Tab) -> str:
    for _ in range(400):
        word = await tab.run("(document.querySelector('.word, .problem') || {}).textContent")
        if word:
            return str(word)
        await asyncio.sleep(0.05)
    raise AssertionError(await tab.run("document.body.textContent"))


async def speak(tab: Tab, language: str) -> str:
    """All of the page in another language."""
    change = f"(s => {{ s.value = '{language}'; s.dispatchEvent(new Event('change')); }})"
    await tab.run(f"{change}(document.getElementById('language'))")
    return str(await tab.run("document.body.innerText"))


async def hand(tab: Tab, element: str, content: bytes) -> None:
    """Gives a file to the page as a reader does; the verdict before it is forgotten."""
    give = """(input, bytes) => {
      document.getElementById("verdict").textContent = "";
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(bytes)], "a file"));
      input.files = files.files;
      input.dispatchEvent(new Event("change"));
    }"""
    await tab.run(f"({give})(document.getElementById('{element}'), {list(content)})")


def test_the_page_is_whole_in_itself() -> None:
    html = verifier_page(b"\xff\x00file", ("fr", 'x"><script>'), b"trust")
    assert "connect-src 'none'" in html
    assert 'id="file">/wBmaWxl<' in html
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html)
    assert "<script>'" not in html.replace("<script>alert", "")
    assert html.count("</script>") == 3
    assert 'x"><script>' not in html


def test_no_language_is_without_a_word(tmp_path: Path) -> None:
    """Whatever the page says, it says in every language, with the same values put in."""
    asking = re.compile(r'(?:say|report)\("(\w+)"|data-say="(\w+)"|problem: "(\w+)"')
    asked = {name for found in asking.findall(join(PAGE) + read("page.html")) for name in found if name}
    tables = word_tables(tmp_path)
    assert tuple(tables) == LANGUAGES
    english = tables["en"]
    assert asked <= set(english["messages"])
    for language, groups in tables.items():
        assert list(groups) == list(english), language
        for group, texts in groups.items():
            assert set(texts) == set(english[group]), (language, group)
            for name, text in texts.items():
                assert text.strip() == text != "", (language, name)
                values = [set(re.findall(r"\{(\w+)\}", one)) for one in (text, english[group][name])]
                assert values[0] == values[1], (language, name)


def test_every_code_has_a_word(tmp_path: Path) -> None:
    labels = word_tables(tmp_path)["en"]
    assert set(RECIPROCITY_BODIES) <= set(labels["kind"])
    assert set(CLAUSE_KINDS) == set(labels["clause"])
    closed = {"action": Action, "post": PostCode, "account": AccountType, "class": MemberClass}
    for group, codes in closed.items():
        assert set(get_args(codes)) == set(labels[group])
    assert {one.word for one in MemberVerdict} | {one.word for one in Verdict} == {*labels["why"], "true"}


@pytest.mark.long
async def test_a_true_statement_is_shown_in_every_language(tmp_path: Path) -> None:
    async with browsing(tmp_path / "profile") as tab:
        assert await shown(tab, saved(tmp_path, "true", rich_statement(witnesses=WITNESSES))) == "True"
        for language, word in _WORDS.items():
            text = await speak(tab, language)
            assert word.upper() in text
            assert await tab.run("document.documentElement.lang") == language
            assert "undefined" not in text
            assert "NaN" not in text
            assert "{" not in text
            assert ("148,148.04 EUR" if language == "en" else "148 148,04 EUR") in text.replace("\u00a0", " ")
            assert "north" in text
        assert tab.complaints == []
        assert [url for url in tab.requests if not url.startswith("file:")] == []


@pytest.mark.long
async def test_a_false_statement_shows_nothing_of_what_it_says(tmp_path: Path) -> None:
    data = rich_statement()
    at = data.index(b"Carpenter")
    async with browsing(tmp_path / "profile") as tab:
        assert await shown(tab, saved(tmp_path, "false", data[:at] + b"x" + data[at + 1 :])) == "False"
        text = await speak(tab, "en")
        assert "Carpenter" not in text
        assert "Balances" not in text
        assert "148,148.04" not in text


@pytest.mark.long
async def test_hostile_words_stay_words(tmp_path: Path) -> None:
    async with browsing(tmp_path / "profile") as tab:
        assert await shown(tab, saved(tmp_path, "evil", rich_statement(EVIL))) == "True"
        for language in LANGUAGES:
            text = await speak(tab, language)
            assert text.count("<img src=x onerror=") >= 6
            assert await tab.run("document.title") != "x"
            assert await tab.run("document.images.length") == 0
        assert await tab.run("document.scripts.length") == 2
        assert tab.complaints == []


@pytest.mark.long
async def test_a_reader_gives_their_own_trust_file_and_other_files(tmp_path: Path) -> None:
    groups = {group["name"]: group["cases"] for group in vector_files()["20-member-statement"]["groups"]}
    entry, balance = vector_files()["08-proof"], groups["balance"][0]
    proof = next(case for group in entry["groups"] if group["name"] == "verdict" for case in group["cases"])
    async with browsing(tmp_path / "profile") as tab:
        assert await shown(tab, saved(tmp_path, "own", rich_statement())) == "True"
        await hand(tab, "choose-trust", b"quorum none\n")
        assert await verdict(tab) == "Cannot tell"
        await hand(tab, "choose-trust", b"nonsense")
        assert "not a trust file" in await verdict(tab)
        await tab.run("document.getElementById('forget-trust').click()")
        assert await verdict(tab) == "True"
        await hand(tab, "choose-file", balance["proof"].encode())
        assert "trust file" in await verdict(tab)
        await hand(tab, "choose-file", balance["trust"].encode())  # known by what is in it
        assert await verdict(tab) == "True"
        assert "This log states this balance." in await speak(tab, "en")
        await hand(tab, "choose-file", proof["proof"].encode())
        await hand(tab, "choose-trust", proof["trust"].encode())
        assert await verdict(tab) == "True"
        assert "This entry stands in the log" in await speak(tab, "en")
        address = saved(tmp_path, "proof", balance["proof"].encode(), balance["trust"].encode())
        assert await shown(tab, address) == "True"
        assert "those of the trust file in this page" in await speak(tab, "en")
        await hand(tab, "choose-file", b"anything else")
        assert "neither" in await verdict(tab)
        assert tab.complaints == []


WATCH = """
window.seen = [];
setInterval(() => {
  const busy = document.getElementById("busy");
  if (busy && !busy.hidden) window.seen.push(document.getElementById("progress").value);
}, 1);
"""


@pytest.mark.long
async def test_the_page_stays_alive_while_it_checks(tmp_path: Path) -> None:
    """A thousand entries: something else can happen meanwhile, and the page says how far it is."""
    async with browsing(tmp_path / "profile") as tab:
        await tab.ask("Page.enable")
        await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        assert await shown(tab, saved(tmp_path, "large", rich_statement(years=20))) == "True"
        assert len(set(await tab.run("window.seen"))) > 3
        rows = "document.querySelectorAll('tr').length"
        before = await tab.run(rows)
        assert await tab.run("document.querySelectorAll('button.more').length") == 1
        await tab.printed()  # on paper all of it is there
        assert await tab.run(rows) > before + 300


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 1280])
async def test_it_fits_a_phone_and_a_desk(tmp_path: Path, width: int) -> None:
    async with browsing(tmp_path / "profile") as tab:
        await tab.resize(width)
        await shown(tab, saved(tmp_path, "wide", rich_statement(witnesses=WITNESSES)))
        for language in LANGUAGES:
            await speak(tab, language)
            assert await tab.run("document.documentElement.scrollWidth") <= width
        assert (await tab.picture())[:4] == b"\x89PNG"
        assert (await tab.printed())[:5] == b"%PDF-"


@pytest.mark.long
async def test_what_assistive_technology_is_told(tmp_path: Path) -> None:
    async with browsing(tmp_path / "profile") as tab:
        await shown(tab, saved(tmp_path, "names", rich_statement(witnesses=WITNESSES)))
        nodes: list[dict[str, Any]] = (await tab.ask("Accessibility.getFullAXTree"))["nodes"]
        told = [(one["role"]["value"], one.get("name", {}).get("value", "")) for one in nodes if not one["ignored"]]
        assert any(role == "status" for role, _ in told)
        for role in ("combobox", "button", "textbox", "image", "region", "table"):
            named = [name for one, name in told if one == role]
            assert all(named), (role, named)
        assert ("image", "Contributions given, month by month") in told
        levels = json.loads(
            await tab.run("JSON.stringify([...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1]))")
        )
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        ids = json.loads(await tab.run("JSON.stringify([...document.querySelectorAll('[id]')].map(e => e.id))"))
        assert len(ids) == len(set(ids))
