# SPDX-License-Identifier: AGPL-3.0-or-later
"""Made-up but realistic histories, written as real statements into real logs: `folkmoot demo --story`."""
