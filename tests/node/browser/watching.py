# SPDX-License-Identifier: AGPL-3.0-or-later
"""What eyes and fingers notice of a page: what is too wide, too faint, too small, nameless, or out of reach of keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.node.verifier.browser import Tab

LOOKED_AT = """(() => {
  const channel = value => value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [], small = [], nameless = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    const left = element.closest('svg, .hidden, .skip, details:not([open]) > :not(summary)');
    if (left || !walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const [one, other] = [light(parts(style.color)), light(ground(element))].sort((a, b) => a - b);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if ((other + 0.05) / (one + 0.05) < (large ? 3 : 4.5)) faint.push(element.outerHTML.slice(0, 80));
  }
  for (const element of document.querySelectorAll('button, input:not([type=hidden]), select, textarea, .button')) {
    const box = element.getBoundingClientRect();
    if (box.width && (box.width < 20 || box.height < 20)) small.push(element.outerHTML.slice(0, 80));
    const told = element.ariaLabel || element.hasAttribute('aria-labelledby');
    const named = told || element.textContent.trim() || (element.labels && element.labels.length);
    if (!named) nameless.push(element.outerHTML.slice(0, 80));
  }
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]));
  const skipped = levels.filter((level, number) => number && level > levels[number - 1] + 1);
  const heap = /\\p{M}{10}/u;  // is one letter, which nothing can break: it may be cut, but makes no page wider
  const cut = [...document.querySelectorAll('h1, h2, button, label, summary, dd, figcaption')]
    .filter(element => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
    .filter(element => !heap.test(element.textContent))
    .filter(element => !element.closest('.hidden'))
    .map(element => element.outerHTML.slice(0, 80));
  const wide = document.documentElement.scrollWidth - innerWidth;
  const beyond = ({right, left}) => right > innerWidth || left < 0;
  const edge = [...document.querySelectorAll('main *')].filter(one => wide > 0 && beyond(one.getBoundingClientRect())
    && !one.closest('.scroll, #map, .hidden, pre'));
  if (edge.length) cut.push(...edge.slice(-3).map(one => one.outerHTML.slice(0, 80)));
  return {wide, faint, small, nameless, skipped, cut};
})()"""

_BEGIN_WALK = """(() => {
  const groups = new Set();
  const alone = (one) => one.type !== "radio" || (!groups.has(one.name) && groups.add(one.name));
  const inputs = "input:not([type=hidden]), select, textarea, button";
  const wanted = [...document.querySelectorAll(`a[href], ${inputs}, summary, [tabindex="0"]`)].filter(
    (one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }) && alone(one),
  );
  window.walk = { left: new Set(wanted), faint: [], count: wanted.length };
  document.addEventListener("focusin", ({ target }) => {
    window.walk.left.delete(target);
    const same = (one) => target.type === "radio" && one.name === target.name;
    [...window.walk.left].filter(same).forEach((one) => window.walk.left.delete(one));
    const style = getComputedStyle(target), box = target.getBoundingClientRect();
    const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const seen = ringed && box.width && (inView || target.closest("#map"));
    if (!seen) window.walk.faint.push(target.outerHTML.slice(0, 90));
  });
  return wanted.length;
})()"""
_WALKED = """[
  ...[...window.walk.left].slice(0, 4).map((one) => `not reached: ${one.outerHTML.slice(0, 90)}`),
  ...window.walk.faint.slice(0, 4).map((one) => `focus not seen: ${one}`),
]"""
_AT_ONCE = 40


async def looked_at(tab: Tab) -> list[str]:
    """What is not as it should be of the page that is open; headings may not skip a level."""
    seen: dict[str, Any] = await tab.run(LOOKED_AT)
    return [f"{name}: {what}" for name, what in seen.items() if what and not (name == "wide" and what <= 0)]


async def walked(tab: Tab) -> list[str]:
    """What is not reached or not seen when the page that is open is gone through by Tab alone."""
    count = await tab.run(_BEGIN_WALK)
    assert count, "there is always something to go to"
    pressed = 0
    while pressed < 2 * count + _AT_ONCE and await tab.run("window.walk.left.size"):
        keys = [_key(tab, kind) for _ in range(_AT_ONCE) for kind in ("rawKeyDown", "keyUp")]
        await asyncio.gather(*keys)
        pressed += _AT_ONCE
    found = await tab.run(_WALKED)
    assert isinstance(found, list)
    return found


async def _key(tab: Tab, kind: str) -> None:
    await tab.ask("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
