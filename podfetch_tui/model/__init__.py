"""Frozen values that everything else shares; imports nothing of ours."""
