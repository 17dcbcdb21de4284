# SPDX-License-Identifier: AGPL-3.0-or-later
"""The import assistant: uploads and their jobs (`uploads`, `jobs`), its pages and its API."""
