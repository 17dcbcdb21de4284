# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records that may describe one thing: found, compared, decided on, put back. All but `queue` is pure.

Nothing here is signed or decides on an entry: it only proposes pairs, and a person says `claim.same` or
`claim.different` (spec 10 §5).
"""
