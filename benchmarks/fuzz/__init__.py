"""Readers under bytes that a coverage-guided fuzzer makes. Imports nothing."""
