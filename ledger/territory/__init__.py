# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known in a territory (spec 22): statements of many logs, shown side by side.

keys       under which sort and key something is said; which statements are in force. Pure
knowledge  all that is in force at this node, read once for a page
"""
