# SPDX-License-Identifier: AGPL-3.0-or-later
"""What signs in a browser, and the page on which a holder of a recovery sheet signs an amendment (spec 04 §8).

Plain scripts of 2017 behind those of the verifier. `sign-ed25519.js` signs; `sheet.js` reads what stands on a sheet,
`amendment.js` what is to be signed; `page-sign.js` shows it. `page.py` makes the document, `words.py` has its words.
"""
