# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real nodes, each a process on a machine of its own as far as the network goes: links, routers, loss, partitions."""
