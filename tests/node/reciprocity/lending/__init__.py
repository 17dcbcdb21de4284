# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is lent: its page, booking it, what becomes of bookings."""
