# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verifier that runs in a browser: plain scripts without libraries or a build step, joined into one.

They check by themselves what `folkmoot verify` checks, with the same verdicts: from SHA-2 and Ed25519 (`sha2`, `field`,
`scalar`, `curve`, `ed25519`) over the formats (`encoding` to `bodies`) to the verdicts on a proof file (`proof`), a
balance (`balance`), a short proof (`short-proof`) and a member statement (`member-verdict`). They use what browsers of
2017 have, so no BigInt, and no WebCrypto, which is missing on pages over plain http.

What begins with `page` shows it, in the `words` of seven languages. `scripts` joins them; `page.py` makes the document.
"""
