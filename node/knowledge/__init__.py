# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages and the API of what is known in a territory (spec 22).

showing    how such a page is made; what it tells of everything that somebody said
overview, glossary, problems, needs, skills, principles    the pages
star       the picture of a word and those that it is linked to
voting     a member's vote on a need, in the browser
api        the same for programs
"""
