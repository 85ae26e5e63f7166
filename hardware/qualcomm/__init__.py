"""Qualcomm."""
