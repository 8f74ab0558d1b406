"""Cleaned documents to data sets of training rows."""
