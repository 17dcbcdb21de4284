# SPDX-License-Identifier: AGPL-3.0-or-later
"""What anybody proposes: taken in, merged with what has changed since, decided on (spec 21)."""
