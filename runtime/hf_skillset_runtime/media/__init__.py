"""Inputs as people have them, loaded: text, images, audio, video, series, tables."""
