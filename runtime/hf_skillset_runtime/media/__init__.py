"""Loading of inputs: text, images, audio, video, series, tables."""
