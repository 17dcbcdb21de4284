# SPDX-License-Identifier: AGPL-3.0-or-later
"""Measurements, each as a ratio to the raw limit in the same run, with memory beside it: python -m tests.benchmarks."""
