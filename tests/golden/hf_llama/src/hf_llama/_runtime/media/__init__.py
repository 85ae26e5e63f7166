# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Inputs as people have them, loaded: text, images, audio, video, series, tables."""
