# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log and what follows from it: storage, append, replicate, and the folds over entries."""
