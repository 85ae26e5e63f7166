# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""What keeps one call from another: locks, copies of processors, random numbers, model state."""
