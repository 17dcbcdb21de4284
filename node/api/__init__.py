# SPDX-License-Identifier: AGPL-3.0-or-later
"""The HTTP API under /v1, and what other programs find at fixed addresses."""
