# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second implementation of the formats, made from the specs alone, and the vectors made by it.

It imports nothing of the program. It is written to be compared with the specs, line by line, and is slow.

    python -m tests.reference            write specs/vectors/NN-*.json
    python -m tests.reference --check    exit 1 if a file on disk differs
"""
